"""Points in a plane, drawn together along the edges of UMAP's graph and pushed apart elsewhere.

The force on a point is what UMAP's sampling gives on average (Damrich & Hamprecht 2021): every edge pulls in every
round, in proportion to its weight, and a few points drawn at random push. Pulls are applied implicitly (a point goes to
a weighted mean of where it is and where it is pulled to), which is stable however many edges a point has. So all points
move at once, by array operations, and the same seed gives the same map on one machine.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

SHARPNESS, FALL = 1.5769434603, 0.8950608779  # a and b of 1 / (1 + a d^2b), fitted to a least distance of 0.1
STEP = np.float32(0.1)  # at first; it falls to 0
PUSHING = 5  # random points for every edge
STRONGEST = 4.0  # push along one axis
REPORT_EVERY = 5  # rounds

Floats = NDArray[np.float32]


def laid_out(
    graph: sparse.csr_array,
    start: Floats,
    rounds: int,
    seed: int,
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> Floats:
    """Places (N, 2) of the graph's points, from `start` (N, 2) on. `on_step(done, total)` may raise to stop."""
    draw, count = np.random.default_rng(seed), len(start)
    upper = sparse.csr_array(sparse.triu(graph, 1))  # each edge once
    upper.sort_indices()
    upper = upper.astype(np.float32)
    if upper.nnz:
        upper.data /= upper.data.max()
    one, other = np.repeat(np.arange(count), np.diff(upper.indptr)), upper.indices
    weights = upper.data.copy()
    degree = np.bincount(one, weights, count) + np.bincount(other, weights, count)
    pushed = degree.astype(np.float32)[:, None]
    xy = start.astype(np.float32)
    for done in range(rounds):
        step = STEP * np.float32(1 - done / rounds)
        upper.data = 2 * weights * _pull(xy[one] - xy[other])  # twice: UMAP visits an edge from both ends
        pulled = upper @ xy + upper.T @ xy
        drawn = np.asarray(upper.sum(1) + upper.sum(0), np.float32)[:, None]
        push = pushed * sum(_push(xy - xy[draw.integers(0, count, count)]) for _ in range(PUSHING))
        xy = (xy + step * (pulled + push)) / (1 + step * drawn)
        if (done + 1) % REPORT_EVERY == 0:
            on_step(done + 1, rounds)
    return xy


def _pull(apart: Floats) -> Floats:
    """How strongly the ends of each edge (E, 2) are drawn to each other, for each unit of distance: (E,)."""
    squared = np.maximum(np.einsum("ij,ij->i", apart, apart), np.float32(1e-6))
    power = squared ** np.float32(FALL - 1)
    return np.asarray(np.float32(2 * SHARPNESS * FALL) * power / (1 + np.float32(SHARPNESS) * power * squared))


def _push(apart: Floats) -> Floats:
    """How far each point (N, 2) is pushed from another, at this distance from it (N, 2); of itself not at all."""
    squared = np.einsum("ij,ij->i", apart, apart)
    strength = np.float32(2 * FALL) / (
        (np.float32(0.001) + squared) * (1 + np.float32(SHARPNESS) * squared ** np.float32(FALL))
    )
    return np.asarray(np.clip(strength[:, None] * apart, -STRONGEST, STRONGEST))
