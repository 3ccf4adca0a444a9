"""Making images with a trained model: where latents come from, what is made of them, and how it is written."""
