"""From a request to a checkpoint: the loop, what it minimises, and what is measured on the way."""
