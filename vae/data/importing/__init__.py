"""What somebody brings to become a data set, besides a folder: a ZIP of images, an NPZ of arrays."""
