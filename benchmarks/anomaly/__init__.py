"""`python -m benchmarks.anomaly`: anomaly scores on MNIST."""
