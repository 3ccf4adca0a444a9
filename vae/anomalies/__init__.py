"""Anomaly scores, one short file each, and what is made of them: thresholds, curves, detectors."""
