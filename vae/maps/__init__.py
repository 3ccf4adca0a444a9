"""2-D maps of posterior means, one method a file, and how well a map keeps neighbours (quality.py)."""
