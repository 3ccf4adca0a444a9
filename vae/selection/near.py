"""The images nearest to one: in latent space, and by their pixels. numpy only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vae.neighbours import nearest

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Neighbour:
    """A row, and how far it is."""

    row: int
    distance: float


def in_latent_space(mu: NDArray[np.floating], row: int, count: int) -> tuple[Neighbour, ...]:
    """The `count` rows whose posterior means (N, d) are nearest to that of `row` (Euclidean), nearest first."""
    found = nearest(mu[row : row + 1], mu, count, np.array([row]))
    return _listed(found.rows[0], found.distances[0])


def in_pixels(parts: Sequence[Pixels], row: int, count: int) -> tuple[Neighbour, ...]:
    """The same by pixels in [0, 1]: the root of the sum of their squared differences.

    `parts` hold the images (n, C, H, W) one after another: row 0 is the first of the first part.
    """
    starts = np.cumsum([0, *map(len, parts)])
    home = int(np.searchsorted(starts, row, side="right")) - 1
    query = parts[home][row - starts[home]][None]
    found: list[Neighbour] = []
    for part, start in zip(parts, starts, strict=False):
        if len(part):
            own = np.array([row - start])  # beyond the part: none of it
            near = nearest(query, part, min(count, len(part) - 1 if part is parts[home] else len(part)), own)
            found += _listed(near.rows[0] + start, near.distances[0] / 255)
    return tuple(sorted(found, key=lambda one: (one.distance, one.row))[:count])


def _listed(rows: NDArray[np.int64], distances: NDArray[np.float64]) -> tuple[Neighbour, ...]:
    return tuple(Neighbour(int(row), float(distance)) for row, distance in zip(rows, distances, strict=True))
