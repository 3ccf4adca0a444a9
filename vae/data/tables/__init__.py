"""Tables about images that are data sets already: read, bounded, and joined to their rows."""
