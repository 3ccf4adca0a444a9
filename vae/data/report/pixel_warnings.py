"""What looks odd about the images of a set once they are read: empty, dark, nearly all alike, twice, too few."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vae.data.report import duplicates
from vae.data.report.duplicates import Signatures
from vae.data.report.warning import Warned
from vae.storage.printing import visible

DARK = 64  # of 255: a set whose brightest pixels are below is hardly told from black
BRIGHTEST = 0.001  # share of the pixels that may be brighter
ALIKE = 1.0  # grey levels: two images drawn at random usually differ by less
FEW_COLOURED = 0.1  # share of a set
# images: fewer are said to be too few. A threshold of 5 % needs the conformal rank: ceil(0.95 (n + 1)) <= n
TRAINABLE, JUDGED, CALIBRATED = 100, 20, 19


@dataclass(frozen=True, eq=False)
class SetSeen:
    """What is known of a set's images: names and digests of the pixels (N), small pictures (N, 256), a histogram of all
    values (256,), labels (N,), rows of the splits, and how many have colour.
    """

    names: Sequence[str]
    digests: list[bytes]
    signatures: Signatures
    histogram: NDArray[np.int64]
    values: tuple[float, float]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    splits: Mapping[str, NDArray[np.int64]]
    coloured: int
    colour: bool


def found(seen: SetSeen) -> list[Warned]:
    """Everything that is to be said."""
    return [*brightness(seen.histogram, seen.values), *_alike(seen), *_colour(seen), *_twice(seen), *_few(seen)]


def brightness(histogram: NDArray[np.int64], values: tuple[float, float] = (0.0, 255.0)) -> list[Warned]:
    """What to say of pixel values that are counted (256,); the files' `values` are what became black and white."""
    above = np.cumsum(histogram[::-1])[::-1]
    brightest = int(np.flatnonzero(above > BRIGHTEST * histogram.sum())[-1])
    if not brightest:
        return [Warned("black", "All images are black in 8 bits.", "If the range of values is wrong: --range.")]
    if brightest >= DARK:
        return []
    low, high = values
    top = low + (brightest + 1) / 255 * (high - low)
    return [
        Warned(
            "dark",
            f"The images are very dark: of 1,000 pixels one is brighter than {brightest} of 255.",
            f"If the files use only small values, --range {low:g}:{top:.6g} makes the most of them.",
        )
    ]


def _alike(seen: SetSeen) -> list[Warned]:
    if len(set(seen.digests)) == 1:
        return [Warned("all equal", "All images are equal: nothing can be learned from them.")]
    usual = duplicates.usual_distance(seen.signatures)
    if usual < ALIKE:
        return [
            Warned(
                "nearly equal",
                f"Nearly all images are alike: two of them usually differ by {usual:.2g} of 255 grey levels.",
            )
        ]
    return []


def _colour(seen: SetSeen) -> list[Warned]:
    count = len(seen.names)
    if not seen.colour or not 0 < seen.coloured <= FEW_COLOURED * count:
        return []
    return [
        Warned(
            "few coloured",
            f"{seen.coloured:,} of {count:,} images have colour, so all get three channels.",
            "--grey makes them grey.",
        )
    ]


def _twice(seen: SetSeen) -> list[Warned]:
    if len(set(seen.digests)) == 1:
        return []
    split_of = np.empty(len(seen.names), object)
    for split, rows in seen.splits.items():
        split_of[rows] = split
    groups = duplicates.copies(seen.digests)
    warnings = []
    if groups:
        extra = sum(map(len, groups)) - len(groups)
        first, second = (visible(seen.names[row]) for row in groups[0][:2])
        warnings.append(
            Warned("copies", f"{extra:,} images equal another one, pixel for pixel, such as {first} and {second}.")
        )
    across = [rows for rows in groups if len({split_of[row] for row in rows}) > 1]
    if across:
        leaked = sum(split_of[row] != "train" for rows in across for row in rows)
        warnings.append(
            Warned("copies across splits", f"{leaked:,} validation or test images have a copy in another split.")
        )
    torn = [rows for rows in groups if len(set(seen.labels[rows].tolist())) > 1]
    if torn:
        names = ", ".join(sorted({seen.class_names[label] for label in seen.labels[torn[0]].tolist()})[:4])
        warnings.append(
            Warned("copies across classes", f"{len(torn):,} images are in more than one class, the first in {names}.")
        )
    usual = duplicates.usual_distance(seen.signatures)
    pairs = duplicates.twins(seen.signatures, seen.splits, usual)
    both = zip(pairs.held_out, pairs.train, strict=True)
    other = [k for k, (a, b) in enumerate(both) if seen.digests[a] != seen.digests[b]]
    if other and usual >= ALIKE:
        a, b = pairs.held_out[other[0]], pairs.train[other[0]]
        warnings.append(
            Warned(
                "near copies across splits",
                f"{len(other):,} of {pairs.looked_at:,} validation and test images looked at are nearly equal to a "
                f"training image (they differ by less than a thirtieth of the typical difference), such as "
                f"{visible(seen.names[a])} and {visible(seen.names[b])}: measured on them, a model looks better "
                "than it is.",
            )
        )
    return warnings


def _few(seen: SetSeen) -> list[Warned]:
    sizes = {split: len(rows) for split, rows in seen.splits.items()}
    few = (
        ("train", TRAINABLE, "training", "expect blurred pictures, and a model that soon learns them by heart"),
        ("test", JUDGED, "test", "too few to judge a model by, its numbers will vary a lot"),
        ("validation", CALIBRATED, "validation", f"a threshold for 5 % false alarms needs at least {CALIBRATED}"),
    )
    said = [
        f"Only {sizes[split]} {word} image{'s' if sizes[split] != 1 else ''}: {then}."
        for split, enough, word, then in few
        if sizes[split] < enough
    ]
    warnings = [Warned("small set", " ".join(said))] if said else []
    in_train = set(seen.labels[seen.splits["train"]].tolist())
    if unseen := [name for label, name in enumerate(seen.class_names) if label not in in_train]:
        more = f" and {len(unseen) - 5:,} more" if len(unseen) > 5 else ""
        warnings.append(
            Warned(
                "untrained classes",
                f"Of {', '.join(unseen[:5])}{more} there are no training images.",
            )
        )
    return warnings
