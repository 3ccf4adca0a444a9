"""A model as one page without a server: what `python -m vae share` writes and `vae.show` displays."""
