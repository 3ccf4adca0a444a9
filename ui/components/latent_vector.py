"""Latent vectors that come from a browser or a link: numbers of the right count and size, or none. No streamlit."""

from __future__ import annotations

import math
from typing import Any

FARTHEST = 100.0  # how far from the origin a person can go, typed or linked


def finite_vector(values: Any, latent_dim: int, largest: float = FARTHEST) -> list[float] | None:
    """`values` as a latent vector of this dimension, none beyond ±`largest`, or None when it isn't one."""
    if not isinstance(values, list | tuple) or len(values) != latent_dim:
        return None
    try:
        vector = [float(v) for v in values]
    except (TypeError, ValueError, OverflowError):
        return None
    return vector if all(math.isfinite(v) and abs(v) <= largest for v in vector) else None
