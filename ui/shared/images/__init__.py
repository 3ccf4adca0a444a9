"""Own images on any page: the folder that they are read from, and what became of them."""
