"""Places of the latent space that have names: on the map, in a list, in the address."""
