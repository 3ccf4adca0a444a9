"""Another model of the same test images beside the one that Explore shows."""
