"""What was chosen on a page: its panel, and the images that are pinned from it."""
