"""Which images are for training, validation and test.

The split is fixed by the content of the files: within each class the images are ordered by the digests of their files,
of which the first are test, the next validation, the rest train. Whatever a file is called and wherever it lies, it
stays where it is; copies of a file in one class stay together where they are few. Every class of three or more images
is in all three splits.

How many: 10 % test and 5 % validation of many images, at most 10,000 and 5,000. Of few these would be too few to
measure anything by, so it is a fifth while that is at most 50 and 20 images, and 15 % validation up to 40.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vae.errors import DatasetError

LEAST_IMAGES = 3
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class SplitSizes:
    """How many images are held out."""

    validation: int
    test: int


def sizes(count: int) -> SplitSizes:
    """For so many images, as the module says. Raises DatasetError for fewer than three."""
    if count < LEAST_IMAGES:
        raise DatasetError(
            f"There are {count} images, expected at least {LEAST_IMAGES}: one each to train, to validate and to test."
        )
    test = min(10_000, max(count // 10, min(count // 5, 50), 1))
    validation = min(
        5_000, max(count // 20, min(max(3 * count // 20, min(count // 5, 20)), 40), 2 if count >= 8 else 1)
    )
    return SplitSizes(validation, test)


def divide(labels: Rows, digests: Sequence[bytes], given: Sequence[str]) -> dict[str, Rows]:
    """Rows of each split; `given` names the split of an image that has one, and is empty for the others.

    Where some are given, only those splits are made that nobody has given, out of the training images. Raises
    DatasetError for too few images.
    """
    named = np.array(given)
    sizes(len(labels))
    found = {split: np.flatnonzero(named == split) for split in ("train", "validation", "test")}
    if not any(map(len, found.values())):
        pool, lacking = np.arange(len(labels)), ["test", "validation"]
    else:
        pool = np.sort(np.concatenate([found["train"], np.flatnonzero(named == "")]))
        lacking = [split for split in ("test", "validation") if not len(found[split])]
    if len(pool) < 1 + len(lacking):
        raise DatasetError(
            f"There are {len(pool)} training images, expected at least {1 + len(lacking)}: "
            f"{' and '.join(lacking) or 'training'} need some of them."
        )
    wanted = sizes(max(len(pool), LEAST_IMAGES))
    taken = _held_out(labels[pool], [digests[int(k)] for k in pool], {s: getattr(wanted, s) for s in lacking})
    for split in lacking:
        found[split] = pool[taken[split]]
    held = np.concatenate([taken[split] for split in lacking]) if lacking else np.zeros(0, np.int64)
    found["train"] = np.delete(pool, held)
    return found


def _held_out(labels: Rows, digests: Sequence[bytes], wanted: dict[str, int]) -> dict[str, Rows]:
    """Rows of the splits that are held out, about as many as are wanted, from every class its share."""
    order = np.array(sorted(range(len(labels)), key=lambda k: (digests[k], k)), np.int64)
    by_class = order[np.argsort(labels[order], kind="stable")]
    classes = np.split(by_class, np.flatnonzero(np.diff(labels[by_class])) + 1)
    divisible = sum(len(rows) for rows in classes if len(rows) > len(wanted))
    if divisible < 2 * sum(wanted.values()):  # nearly all classes are too small to be divided
        classes = [order]
    begins = np.zeros(len(classes), np.int64)
    most = np.array([len(rows) - 1 for rows in classes])  # one at least is for training
    found = {}
    for split, count in wanted.items():
        shares = _shares([len(rows) for rows in classes], count, len(wanted))
        ends = np.minimum(begins + shares, np.maximum(most, begins))
        for c, rows in enumerate(classes):
            if ends[c] > begins[c]:
                ends[c] = _with_copies(rows, int(ends[c]), int(min(most[c], ends[c] + shares[c])), digests)
        found[split] = np.concatenate([rows[b:e] for rows, b, e in zip(classes, begins, ends, strict=True)])
        begins = ends
    return found


def _with_copies(rows: Rows, end: int, most: int, digests: Sequence[bytes]) -> int:
    """Where to end instead, so that no two copies of a file are parted; `end` where that is not before `most`."""
    further = end
    while further < most and digests[rows[further - 1]] == digests[rows[further]]:
        further += 1
    parted = further < len(rows) and digests[rows[further - 1]] == digests[rows[further]]
    return end if parted else further


def _shares(counts: Sequence[int], wanted: int, splits: int) -> Rows:
    """How many of each class, in all about as many as are wanted: its share, rounded so that the sum fits, at least one
    where a class has more images than there are splits to be held out, and never all of it."""
    numbers = np.array(counts, np.float64)
    exact = numbers * wanted / numbers.sum()
    least = np.where(numbers > splits, 1, 0)
    found: Rows = np.maximum(np.floor(exact).astype(np.int64), least)
    most = np.maximum((numbers - 1) // max(splits, 1), 0).astype(np.int64)
    found = np.minimum(found, np.maximum(most, least))
    for c in np.argsort(-(exact - np.floor(exact)), kind="stable"):
        if found.sum() >= wanted:
            break
        if found[c] < most[c] and found[c] <= exact[c]:
            found[c] += 1
    return found
