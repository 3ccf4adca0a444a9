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
BLOCK = 100  # images compared at a time
ROUNDING = 0.01  # grey levels
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
    rows, columns = map(_sums, grey.shape[1:])
    counts = rows.sum(1)[:, None] * columns.sum(1)
    small: Signatures = (rows @ grey @ columns.T / counts).reshape(len(images), -1).astype(np.float16)
    return small


def _sums(size: int) -> NDArray[np.float32]:
    """(up to 16, size) ones where a pixel belongs to a place of the small picture."""
    begins = np.linspace(0, size, min(SIDE, size), endpoint=False).astype(int)
    places = np.searchsorted(begins, np.arange(size), side="right") - 1
    found: NDArray[np.float32] = (places == np.arange(len(begins))[:, None]).astype(np.float32)
    return found


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
    here, there = _exact(seen[held]), _exact(seen[train])
    centre = there.mean(0)
    here, there = here - centre, there - centre
    order, train_order = (np.argsort(pictures.mean(1), kind="stable") for pictures in (here, there))
    there, train = there[train_order], train[train_order]
    bright, lengths = there.mean(1), (there**2).sum(1)
    most = NEAR * usual
    places, found_train = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for start in range(0, len(held), BLOCK):
        place = order[start : start + BLOCK]
        some = here[place]
        # near pictures are about as bright: their means differ by no more than their distance, but for rounding
        darkest, brightest = some[0].mean() - most - ROUNDING, some[-1].mean() + most + ROUNDING
        first, last = np.searchsorted(bright, [darkest, brightest])
        if first == last:
            continue
        nearest = first + (lengths[first:last] - 2 * some @ there[first:last].T).argmin(1)
        exact = np.sqrt(((some - there[nearest]) ** 2).mean(1))  # the difference above cancels
        near = exact <= most
        places.append(place[near])
        found_train.append(train[nearest[near]])
    found = np.argsort(np.concatenate(places))
    return Twins(held[np.concatenate(places)[found]], np.concatenate(found_train)[found], len(held))


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
