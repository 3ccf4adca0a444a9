"""Tests of vae/graph."""
