"""Improved precision and recall: how many samples lie among real images, and how many real images among samples.

Kynkäänniemi et al. 2019, arXiv:1904.06991: a set's support is the union of balls around its members, each as large as
the distance to the member's k-th nearest other member. numpy only, computed in blocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

NEIGHBOURS = 3  # the paper's k
BLOCK = 500  # rows at a time: 500 × 10,000 distances are 40 MB


@dataclass(frozen=True)
class Scores:
    """Both are shares from 0 to 1."""

    precision: float
    recall: float


class Support:
    """Balls around features (N, f). Raises ValueError for N < 4."""

    def __init__(self, features: NDArray[np.floating[Any]]) -> None:
        if len(features) <= NEIGHBOURS:
            raise ValueError(f"{len(features)} rows have no {NEIGHBOURS} neighbours, expected more")
        self.features = np.asarray(features, np.float64)

    @cached_property
    def squared_radius(self) -> NDArray[np.float64]:
        """Each member's squared distance to its k-th nearest other member, (N,)."""
        radii = np.empty(len(self.features))
        for start, squared in _blocks(self.features, self.features):
            rows = np.arange(len(squared))
            squared[rows, start + rows] = np.inf  # a member is not its own neighbour, equal ones are
            radii[start : start + len(squared)] = np.partition(squared, NEIGHBOURS - 1, 1)[:, NEIGHBOURS - 1]
        return radii


def scores(real: Support, samples: Support) -> Scores:
    """Precision: the share of samples in the support of `real`. Recall: the share of real images in the samples'."""
    hits, reached = 0, np.zeros(len(real.features), bool)
    for start, squared in _blocks(samples.features, real.features):  # (block, N real)
        hits += int((squared <= real.squared_radius).any(1).sum())
        reached |= (squared <= samples.squared_radius[start : start + len(squared), None]).any(0)
    return Scores(hits / len(samples.features), float(reached.mean()))


def _blocks(a: NDArray[np.float64], b: NDArray[np.float64]) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Squared distances of a few rows of `a` to all rows of `b`, with the first row's index."""
    norms = np.square(b).sum(1)
    for start in range(0, len(a), BLOCK):
        rows = a[start : start + BLOCK]
        squared = rows @ b.T
        squared *= -2
        squared += norms
        squared += np.square(rows).sum(1)[:, None]
        yield start, squared.clip(0, out=squared)
