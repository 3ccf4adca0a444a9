"""What `vae` is compared with, written out as a person would copy it."""
