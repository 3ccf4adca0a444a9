"""Data sets that everybody has or can fetch, a module each."""
