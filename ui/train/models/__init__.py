"""The models on this machine: their names, what uses them, and how they go."""
