"""Pinned images, which interpolation and directions start from."""
