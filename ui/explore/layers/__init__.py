"""What lies on the map beside its points: which layers are wanted, and what they are drawn from."""
