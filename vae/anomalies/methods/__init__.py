"""Anomaly scores, by what they look at: the picture, the likelihood, the latents, several, or no VAE."""
