"""Images that are the same, or nearly: within a set, and across its splits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIDE = 16  # of the small grey picture by which images are compared
NEAR = 0.035  # of the distance that two images of the set usually have
MOST_HELD_OUT, MOST_TRAIN = 2_000, 20_000  # images compared
RANDOM_PAIRS = 500
BLOCK = 500  # images compared at a time
Pixels = NDArray[np.uint8]
Signatures = NDArray[np.float16]


@dataclass(frozen=True)
class Twins:
    """Held-out images that have a training image like them: rows of both, and how many were looked at."""

    held_out: NDArray[np.int64]
    train: NDArray[np.int64]
    looked_at: int


def signatures(images: Pixels) -> Signatures:
    """(n, up to 256) the images (n, C, H, W) as small grey pictures: means of their pixels, 0 to 255."""
    grey = images.mean(1, dtype=np.float32)
    rows, columns = (np.linspace(0, size, min(SIDE, size), endpoint=False).astype(int) for size in grey.shape[1:])
    heights, widths = np.diff(np.append(rows, grey.shape[1])), np.diff(np.append(columns, grey.shape[2]))
    summed = np.add.reduceat(np.add.reduceat(grey, rows, axis=1), columns, axis=2)
    small: Signatures = (summed / (heights[:, None] * widths)).reshape(len(images), -1).astype(np.float16)
    return small


def usual_distance(seen: Signatures) -> float:
    """The median distance of two images drawn at random, root mean square over pixels, in grey levels."""
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, len(seen), (2, RANDOM_PAIRS))
    other = first != second
    if not other.any():
        return 0.0
    return float(np.median(np.sqrt(((_exact(seen[first[other]]) - _exact(seen[second[other]])) ** 2).mean(1))))


def twins(seen: Signatures, splits: Mapping[str, NDArray[np.int64]], usual: float) -> Twins:
    """Validation and test images that are nearer than a thirtieth of the usual distance to a training image.

    Of many images as many as can be compared in a few seconds are drawn.
    """
    rng = np.random.default_rng(0)
    held = _some(np.concatenate([splits["validation"], splits["test"]]), MOST_HELD_OUT, rng)
    train = _some(splits["train"], MOST_TRAIN, rng)
    there = _exact(seen[train])
    centre = there.mean(0)
    there = there - centre
    lengths = (there**2).sum(1)
    found_held, found_train = [], []
    for start in range(0, len(held), BLOCK):
        rows = held[start : start + BLOCK]
        here = _exact(seen[rows]) - centre
        nearest = (lengths - 2 * here @ there.T).argmin(1)  # the lengths of `here` are the same for all
        exact = np.sqrt(((here - there[nearest]) ** 2).mean(1))  # the sum above cancels
        near = exact <= NEAR * usual
        found_held.append(rows[near])
        found_train.append(train[nearest[near]])
    return Twins(np.concatenate(found_held), np.concatenate(found_train), len(held))


def _exact(seen: Signatures) -> NDArray[np.float32]:
    return seen.astype(np.float32)


def _some(rows: NDArray[np.int64], most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))


def copies(digests: list[bytes]) -> list[list[int]]:
    """Rows of equal digests, of those that there are several of, the first row first."""
    groups: dict[bytes, list[int]] = {}
    for row, digest in enumerate(digests):
        groups.setdefault(digest, []).append(row)
    return [rows for rows in groups.values() if len(rows) > 1]
