"""Generate: samples, the manifold, traversals, interpolation, directions."""
