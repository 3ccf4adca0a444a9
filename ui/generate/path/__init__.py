"""Paths between images, and how far they lead from the data."""
