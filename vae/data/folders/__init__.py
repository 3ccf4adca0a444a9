"""A folder of images as somebody left it: what lies in it, and what its names say of classes and splits."""
