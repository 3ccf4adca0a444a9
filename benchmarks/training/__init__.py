"""`python -m benchmarks.training`: how soon a test loss is reached."""
