"""Data sets as they are kept: another name, deleting one, and what its images are like together."""
