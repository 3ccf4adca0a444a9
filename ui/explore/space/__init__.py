"""The map in three dimensions."""
