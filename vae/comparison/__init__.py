"""Two models of the same images, side by side."""
