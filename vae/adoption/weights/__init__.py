"""A file of weights without the code that made it: what its shapes say is read, what they don't is tried out."""
