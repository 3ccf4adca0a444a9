"""Models in from elsewhere, and out."""
