"""Latent traversals: one dimension at a time through its range, all others as they are. numpy only."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vae.checkpoints.checkpoint import FloatArray
from vae.errors import GenerationError

MAX_STEPS = 60
MAX_VALUE = 100.0


def values(low: float = -3.0, high: float = 3.0, steps: int = 11) -> NDArray[np.float64]:
    """The values that a dimension takes, (V,), evenly from low to high. Raises GenerationError for a bad range."""
    if not isinstance(steps, int) or isinstance(steps, bool) or not 2 <= steps <= MAX_STEPS:
        raise GenerationError(f"A traversal has {steps!s:.40} steps, expected a whole number from 2 to {MAX_STEPS}.")
    if not (math.isfinite(low) and math.isfinite(high)) or not -MAX_VALUE <= low < high <= MAX_VALUE:
        raise GenerationError(
            f"A traversal goes from {low:g} to {high:g}, expected a lower and a higher number, "
            f"{-MAX_VALUE:g} to {MAX_VALUE:g}."
        )
    return np.linspace(low, high, steps).round(12)  # 0 is 0, not 4e-16


def traverse(z: NDArray[np.floating], dims: Sequence[int], at: NDArray[np.floating]) -> FloatArray:
    """z (d,) with dimension dims[r] set to at[c]: (D, V, d).

    Raises
    ------
    GenerationError
        For no dimensions, or one that z lacks.
    """
    wrong = [j for j in dims if not 0 <= j < len(z)]
    if wrong or not dims:
        found = f"dimension {wrong[0]}" if wrong else "no dimension"
        raise GenerationError(f"The traversal has {found}, expected some of 0 to {len(z) - 1}.")
    rows = np.tile(np.asarray(z, np.float32), (len(dims), len(at), 1))  # (D, V, d)
    for row, j in zip(rows, dims, strict=True):
        row[:, j] = at
    return rows
