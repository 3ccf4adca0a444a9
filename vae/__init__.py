"""Variational autoencoders for the latent-space explorer, usable alone from a notebook or a cluster.

Importing this package is light: torch is imported only by the modules that compute with it (networks, model,
objectives, training, latents, evaluation), never by those that read what is stored (store, paths, layers, config).
"""
