"""Explore's map and live decoder as one instrument: `python -m benchmarks.instrument`."""
