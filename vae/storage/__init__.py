"""Where things are, and how files are read and written: bounded, checked, all or nothing."""
