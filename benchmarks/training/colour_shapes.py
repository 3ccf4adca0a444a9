"""Colour pictures for benchmarks, drawn by a seed: a disc, square or diamond of any colour, size and place."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SIDE = 16
GRAIN = 0.02  # standard deviation of the noise, of 0 to 1


def draw(count: int, seed: int = 0) -> NDArray[np.uint8]:
    """(count, 3, 16, 16) uint8; the first of more are the same."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    random = np.random.default_rng(seed)
    pictures = np.empty((count, 3, SIDE, SIDE), np.uint8)
    for i in range(count):
        y, x = random.uniform(5, SIDE - 6, 2)
        down, across = np.abs(rows - y), np.abs(columns - x)
        away = (np.hypot(down, across), np.maximum(down, across), down + across)[i % 3]
        inside = 1 / (1 + np.exp(3 * (away - random.uniform(2.5, 4.5))))
        shape, ground = random.uniform(0.1, 1, (3, 1, 1)), random.uniform(0, 0.4, (3, 1, 1))
        picture = inside * shape + (1 - inside) * ground + random.normal(0, GRAIN, (3, SIDE, SIDE))
        pictures[i] = (picture.clip(0, 1) * 255).round()
    return pictures
