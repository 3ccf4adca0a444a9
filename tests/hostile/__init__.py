"""Inputs made to break a reader: every kind of file, with everything that can be wrong with it. See corpus.py."""
