"""Test images to begin with where nobody has chosen any: typical ones of their class. numpy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vae.checkpoints.checkpoint import Latents


@dataclass(frozen=True)
class TwoRows:
    """Two rows of the test split, the way between which is worth seeing."""

    start: int
    end: int


def typical(latents: Latents, rows: NDArray[np.int64]) -> int:
    """Of these rows, the one whose posterior mean is nearest to the mean of all of them."""
    mu = latents.mu[rows].astype(np.float64)
    return int(rows[((mu - mu.mean(0)) ** 2).sum(1).argmin()])


def two(latents: Latents, start: int | None = None) -> TwoRows:
    """A typical image of the first class, or row `start`, and one of the class farthest from it.

    Without a second class the other one is the image farthest away.
    """
    labels = np.unique(latents.labels)
    if start is None:
        start = typical(latents, np.flatnonzero(latents.labels == labels[0]))
    members = [np.flatnonzero(latents.labels == label) for label in labels if label != latents.labels[start]]
    ends = np.array([typical(latents, rows) for rows in members] or range(len(latents.mu)))
    apart = ((latents.mu[ends].astype(np.float64) - latents.mu[start]) ** 2).sum(1)
    return TwoRows(start, int(ends[apart.argmax()]))
