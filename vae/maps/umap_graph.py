"""UMAP's graph: who is near whom in latent space, as weights from 0 to 1. Source: McInnes, Healy & Melville 2018."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from vae.neighbours import Nearest

HALVINGS = 64  # of the search for a point's bandwidth
LEAST_BANDWIDTH = 1e-3  # of the mean distance: where all neighbours are equally far, there is none

Floats = NDArray[np.float64]


def fuzzy_graph(near: Nearest) -> sparse.csr_array:
    """The weights (N, N) of edges between points and their k neighbours, given for every point: symmetric.

    A point's nearest neighbour has the weight 1, and all of them together log2(k + 1); an edge that one end or the
    other knows is w + w' - w w'. Copies count as nearest neighbours.
    """
    count, k = near.rows.shape
    beyond = near.distances - _nearest_apart(near.distances)[:, None]
    beyond = np.maximum(beyond, 0.0)  # of copies: they are as near as can be
    bandwidth = _bandwidths(beyond, np.log2(k + 1))
    mean = near.distances.mean(1)
    least = LEAST_BANDWIDTH * np.where(mean > 0, mean, max(mean.mean(), 1.0))
    weights = np.exp(-beyond / np.maximum(bandwidth, least)[:, None])
    starts = np.arange(count + 1) * k
    known = sparse.csr_array((weights.ravel(), near.rows.ravel(), starts), shape=(count, count))
    both = known.multiply(known.T)
    return sparse.csr_array(known + known.T - both)


def _nearest_apart(distances: Floats) -> Floats:
    """(N,) the distance to the nearest point that is no copy; 0 where all are copies."""
    apart = np.where(distances > 0, distances, np.inf).min(1)
    return np.where(np.isinf(apart), 0.0, apart)


def _bandwidths(beyond: Floats, wanted: float) -> Floats:
    """(N,) the s for which the sum of exp(-beyond / s) over a row of (N, k) is `wanted`, by halving."""
    low, high, middle = np.zeros(len(beyond)), np.full(len(beyond), np.inf), np.ones(len(beyond))
    for _ in range(HALVINGS):
        too_much = np.exp(-beyond / middle[:, None]).sum(1) > wanted
        high, low = np.where(too_much, middle, high), np.where(too_much, low, middle)
        middle = np.where(np.isinf(high), 2 * low, (low + np.where(np.isinf(high), low, high)) / 2)
        middle = np.clip(middle, 1e-300, 1e300)
    return middle
