"""How good a model's samples are, measured on the features of a small classifier that ships with the project."""
