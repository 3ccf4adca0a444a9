"""More images on the map, and more maps: what comes by itself, and what is asked for."""
