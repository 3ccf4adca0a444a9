"""`python -m benchmarks.own_images`: own pictures through import, train and score without an option."""
