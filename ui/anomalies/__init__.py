"""Anomalies: what is normal, what is checked, and what was found."""
