"""Models that were trained elsewhere: read, checked on real images, kept as ordinary checkpoints."""
