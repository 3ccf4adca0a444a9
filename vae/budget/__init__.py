"""What work will need, against what is free: asked before it starts. Imports no torch and allocates nothing."""
