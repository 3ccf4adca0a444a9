"""How much emptier a place is than the places of its neighbours: of latents, and of pixels on their components."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vae.anomalies.methods.base import rebuilt
from vae.neighbours import Nearest, nearest

NEIGHBOURS = 20
LEAST_REACH = 0.1  # of the median; the least one of images without copies is 0.17 of it (shipped models, digits, MNIST)


def local_outlier_factor(
    rows: NDArray[np.float64], reference: NDArray[np.float64], neighbours: int = NEIGHBOURS
) -> NDArray[np.float64]:
    """LOF (n,) of rows (n, d) among reference rows (m, d), none of which counts as its own neighbour's company.

    Copies would be neighbours at distance 0, and a place among them infinitely dense. So equal reference rows count as
    one, and no distance to the k-th neighbour counts as less than LEAST_REACH of the median one. Where all are equal
    there is no neighbourhood to compare with, and every factor is 1.
    """
    if (reference == reference[0]).all():
        return np.ones(len(rows))
    places: _Places = rebuilt(f"lof {neighbours}", reference, lambda known: _places(known, neighbours))
    near = nearest(rows, places.distinct, places.neighbours)
    factors: NDArray[np.float64] = _reach(near, places.radius) * places.density[near.rows].mean(1)
    return factors


@dataclass(frozen=True, eq=False)
class _Places:
    """The distinct reference rows (m, d): how far each one's k-th neighbour is, and one over its mean reach, both (m,).

    Not scikit-learn's LocalOutlierFactor: it counts copies as neighbours, and keeps their distances for all pairs.
    """

    distinct: NDArray[np.float64]
    neighbours: int
    radius: NDArray[np.float64]
    density: NDArray[np.float64]


def _places(reference: NDArray[np.float64], neighbours: int) -> _Places:
    first = np.unique(reference, axis=0, return_index=True)[1]
    distinct = reference[np.sort(first)]
    near = nearest(distinct, distinct, neighbours, own=np.arange(len(distinct)))
    radius = near.distances[:, -1]
    radius = np.maximum(radius, LEAST_REACH * np.median(radius))
    return _Places(distinct, near.rows.shape[1], radius, 1 / _reach(near, radius))


def _reach(near: Nearest, radius: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean reachability distance (n,) from the k nearest: within a neighbour's radius all is as far."""
    reach: NDArray[np.float64] = np.maximum(near.distances, radius[near.rows]).mean(1)
    return reach
