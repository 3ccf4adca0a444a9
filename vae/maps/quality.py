"""How far a map can be trusted: do points that are near on the map lie near in latent space?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from vae.neighbours import nearest

NEIGHBOURS = 12
QUERIES = 1_000


def trustworthiness(
    high: NDArray[np.floating[Any]],
    low: NDArray[np.floating[Any]],
    neighbours: int = NEIGHBOURS,
    queries: int = QUERIES,
    seed: int = 0,
) -> float:
    """Trustworthiness (Venna & Kaski 2001, eq. 2) of a map: 1 when all neighbours on it are neighbours in latent space.

    high: (N, d), low: (N, 2). A sample of `queries` points is asked about, every point can be a neighbour; with
    `queries` >= N this is scikit-learn's `trustworthiness`, which needs N² memory.
    """
    count = len(high)
    k = min(neighbours, (count - 1) // 2)
    if k < 1:
        return 1.0
    rows = np.random.default_rng(seed).permutation(count)[:queries]
    penalty = 0.0
    for block in np.array_split(rows, max(1, len(rows) // 250)):
        far = cdist(high[block], high)  # all of them: every point's rank counts, not the nearest few
        far[np.arange(len(block)), block] = -1.0  # itself comes first
        ranks = np.empty_like(far, dtype=np.int64)
        np.put_along_axis(ranks, far.argsort(1), np.arange(count)[None], 1)  # 0 is the point itself
        mapped = nearest(low[block], low, k, own=block).rows
        penalty += float(np.maximum(np.take_along_axis(ranks, mapped, 1) - k, 0).sum())
    return 1.0 - 2.0 * penalty / (len(rows) * k * (2 * count - 3 * k - 1))


def neighbours_kept(mu: NDArray[np.floating[Any]], xy: NDArray[np.floating[Any]]) -> dict[str, Any]:
    """Trustworthiness and its protocol, as kept beside a map; nothing of fewer than three images."""
    k = min(NEIGHBOURS, (len(mu) - 1) // 2)
    if k < 1:
        return {}  # one or two images have no neighbours that could be kept or lost
    return {
        "trustworthiness": trustworthiness(mu, xy),
        "protocol": f"{k} neighbours, {min(QUERIES, len(mu)):,} sampled images asked about, all {len(mu):,} candidates",
    }
