"""Whether two latent spaces have the same images beside each other. numpy only.

Only distances within each space are compared, so the spaces may have any number of dimensions, and turning or scaling
one changes nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vae.neighbours import nearest

NEIGHBOURS = 12
MOST_IMAGES = 10_000  # that are compared exactly; of more a sample of so many

Floats = NDArray[np.floating]
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Neighbourhoods:
    """How much of each image's neighbourhood two latent spaces share.

    `rows` (n,) are the images that were compared with each other, ascending, of `images` that there are. `overlap` (n,)
    is the Jaccard index of each one's `neighbours` nearest: those that are its nearest in both spaces over those that
    are in either; 1: the same, 0: none. `distance` (n,) is how far those that are its nearest in one space alone are
    from it in the other, in standard deviations of that space, on average over both.
    """

    rows: Rows
    overlap: NDArray[np.float32]
    distance: NDArray[np.float32]
    neighbours: int
    images: int

    @property
    def mean(self) -> float:
        """Of all images that were compared; NaN where there are none."""
        return float(self.overlap.mean(dtype=np.float64)) if len(self.overlap) else math.nan

    @property
    def by_chance(self) -> float:
        """What the mean would be of neighbours drawn at random; NaN where nothing was compared."""
        others, k = len(self.rows) - 1, self.neighbours
        if not k:
            return math.nan
        ways = [math.comb(k, shared) * math.comb(others - k, k - shared) for shared in range(k + 1)]
        return sum(way * shared / (2 * k - shared) for shared, way in enumerate(ways)) / math.comb(others, k)

    def of_every_image(self) -> NDArray[np.float32]:
        """The overlap by row (images,), NaN of those that were not compared."""
        found = np.full(self.images, np.nan, np.float32)
        found[self.rows] = self.overlap
        return found

    def changed_most(self, count: int) -> Rows:
        """Up to `count` rows with the lowest overlap; of equal ones those first whose neighbours went farthest away.
        None of those whose neighbourhood is the same.
        """
        order = np.lexsort((-self.distance, self.overlap))
        return np.asarray(self.rows[order[self.overlap[order] < 1][:count]])


def compare(
    a: Floats, b: Floats, neighbours: int = NEIGHBOURS, most_images: int = MOST_IMAGES, seed: int = 0
) -> Neighbourhoods:
    """The neighbourhoods of the same images in two latent spaces (N, d) and (N, e).

    Of more than `most_images` a sample drawn with `seed` is compared, and only images of the sample are neighbours.
    There are fewer `neighbours` where they would be more than half of all others, and none of one or two images:
    then nothing is compared.

    Raises
    ------
    ValueError
        For latents of different numbers of images.
    """
    if a.ndim != 2 or b.ndim != 2 or len(a) != len(b):
        raise ValueError(f"the latents are {a.shape} and {b.shape}, expected (N, d) and (N, e) of the same images")
    rows = np.sort(np.random.default_rng(seed).permutation(len(a))[:most_images])
    k = max(0, min(neighbours, (len(rows) - 1) // 2))
    if not k:
        none = np.zeros(0, np.float32)
        return Neighbourhoods(np.zeros(0, np.int64), none, none, 0, len(a))
    here, there, own = a[rows], b[rows], np.arange(len(rows))
    in_a, in_b = nearest(here, here, k, own=own).rows, nearest(there, there, k, own=own).rows
    same = in_a[:, :, None] == in_b[:, None, :]
    shared = same.sum((1, 2))
    overlap = (shared / (2 * k - shared)).astype(np.float32)
    distance = (_far(there, in_a, same.any(2)) + _far(here, in_b, same.any(1))) / 2
    return Neighbourhoods(rows, overlap, distance.astype(np.float32), k, len(a))


def _far(points: Floats, others: Rows, kept: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How far (n,) an image is on average from `others` (n, k) that were not `kept` (n, k), in standard deviations of
    all points (n, d); 0 where all were.
    """
    spread = float(np.sqrt(points.var(0, dtype=np.float64).sum()))
    total = np.zeros(len(points))
    for column, lost in zip(others.T, ~kept.T, strict=True):
        apart = np.linalg.norm(points - points[column], axis=1)
        total += np.where(lost, apart, 0)
    return np.asarray(total / np.maximum(1, (~kept).sum(1)) / (spread or 1.0))
