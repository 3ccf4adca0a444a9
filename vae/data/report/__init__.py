"""What became of the images of a folder: one report for an import, for what is scored, for a single picture."""
