"""Directions through latent space: what tells two groups of images apart."""
