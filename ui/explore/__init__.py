"""Explore: the map, the live decoder beside it, and where the person is."""
