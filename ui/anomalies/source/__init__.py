"""Where the images to check come from, when they are a person's own files."""
