"""`python -m benchmarks.generation`: how soon Generate shows what was asked for."""
