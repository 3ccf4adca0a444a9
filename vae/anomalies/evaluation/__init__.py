"""How well scores tell outliers from normal images, and how sure that is."""
