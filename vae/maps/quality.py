"""How far a map can be trusted: are neighbours on it neighbours in latent space, and the other way round?

numpy alone where a page asks (`kept_of_each`); what is kept beside a map is measured when the map is made.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae.neighbours import nearest

NEIGHBOURS = 12
QUERIES = 1_000
CANDIDATES = 10_000  # of kept_of_each: all pairs of 70,000 images would take minutes
COMPARED = 2**24  # distances at once

Floats = NDArray[np.floating[Any]]


def trustworthiness(
    high: Floats, low: Floats, neighbours: int = NEIGHBOURS, queries: int = QUERIES, seed: int = 0
) -> float:
    """Trustworthiness (Venna & Kaski 2001, eq. 2) of a map: 1 when all neighbours on it are neighbours in latent space.

    high: (N, d), low: (N, 2). A sample of `queries` points is asked about, every point can be a neighbour; with
    `queries` >= N this is scikit-learn's `trustworthiness`, which needs N² memory.
    """
    count = len(high)
    k = min(neighbours, (count - 1) // 2)
    if k < 1:
        return 1.0
    from scipy.spatial.distance import cdist

    rows = np.random.default_rng(seed).permutation(count)[:queries]
    penalty, at_once = 0.0, max(1, COMPARED // (count * k))
    for block in np.array_split(rows, -(-len(rows) // at_once)):
        far = cdist(high[block], high)  # all of them: every point's rank counts, not the nearest few
        far[np.arange(len(block)), block] = -1.0  # itself comes first
        mapped = nearest(low[block], low, k, own=block).rows
        reached = np.take_along_axis(far, mapped, 1)
        ranks = (far[:, None, :] < reached[:, :, None]).sum(2)  # 1 is the nearest
        penalty += float(np.maximum(ranks - k, 0).sum())
    return 1.0 - 2.0 * penalty / (len(rows) * k * (2 * count - 3 * k - 1))


def continuity(high: Floats, low: Floats, neighbours: int = NEIGHBOURS, queries: int = QUERIES, seed: int = 0) -> float:
    """Continuity (Venna & Kaski 2001, eq. 4): 1 when all neighbours in latent space are neighbours on the map.

    It is trustworthiness with latent space and map exchanged; arguments as there.
    """
    return trustworthiness(low, high, neighbours, queries, seed)


def neighbourhood_hit(
    low: Floats, labels: NDArray[np.int64], neighbours: int = NEIGHBOURS, queries: int = QUERIES, seed: int = 0
) -> float:
    """The share of a point's neighbours on the map (N, 2) that have its label (N,), on average over a sample of
    `queries` points (Paulovich et al. 2008). Of one point it is 1.
    """
    k = min(neighbours, len(low) - 1)
    if k < 1:
        return 1.0
    rows = np.random.default_rng(seed).permutation(len(low))[:queries]
    found = nearest(low[rows], low, k, own=rows).rows
    return float((labels[found] == labels[rows][:, None]).mean())


def kept_of_each(
    high: Floats, low: Floats, neighbours: int = NEIGHBOURS, candidates: int = CANDIDATES, seed: int = 0
) -> NDArray[np.float32]:
    """(N,) for each point the share of its nearest in latent space (N, d) that are its nearest on the map (N, 2), too.

    Of more than `candidates` points a sample of so many can be neighbours. About k / N by chance.
    """
    count = len(high)
    sample = np.sort(np.random.default_rng(seed).permutation(count)[:candidates])
    k = min(neighbours, len(sample) - 1)
    if k < 1:
        return np.ones(count, np.float32)
    own = np.full(count, -1)
    own[sample] = np.arange(len(sample))
    there = nearest(high, high[sample], k, own=own).rows
    here = nearest(low, low[sample], k, own=own).rows
    shared = (there[:, :, None] == here[:, None, :]).any(2)
    return np.asarray(shared.mean(1), np.float32)


def neighbours_kept(mu: Floats, xy: Floats, labels: NDArray[np.int64] | None = None) -> dict[str, Any]:
    """Trustworthiness, continuity and their protocol, as kept beside a map, and of several classes the neighbourhood
    hit with what chance would give; nothing of fewer than three images.
    """
    k = min(NEIGHBOURS, (len(mu) - 1) // 2)
    if k < 1:
        return {}  # one or two images have no neighbours that could be kept or lost
    found: dict[str, Any] = {"trustworthiness": trustworthiness(mu, xy), "continuity": continuity(mu, xy)}
    if labels is not None and len(shares := np.unique(labels, return_counts=True)[1] / len(labels)) > 1:
        found |= {"neighbourhood_hit": neighbourhood_hit(xy, labels, k), "hit_by_chance": float((shares**2).sum())}
    protocol = f"{k} neighbours, {min(QUERIES, len(mu)):,} sampled images asked about, all {len(mu):,} candidates"
    return found | {"protocol": protocol}
