"""Anomaly scores, and what is made of them: thresholds, detectors, evaluations."""
