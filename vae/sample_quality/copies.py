"""The training image nearest to a picture, exactly, over pixels: is what was generated a copy? numpy only.

Pixel distance sees copies, not paraphrases: the same digit moved by a pixel is far away.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vae import neighbours
from vae.checkpoints.checkpoint import FloatArray
from vae.errors import GenerationError

Images = NDArray[np.uint8]
OnBatch = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class NearestImages:
    """Of each query the nearest image's row (Q,), the first of equals, and distance (Q,) over pixels in [0, 1]."""

    row: NDArray[np.int64]
    distance: FloatArray


KNOWS_1, KNOWS_5 = 100, 20  # images, from which on 1 % and 5 % of them are known


@dataclass(frozen=True)
class Reference:
    """Percentiles of the distances from reconstructions of `count` test images to their nearest training image.

    `of_class` names the class of those training images; empty: of any.
    """

    median: float
    p95: float
    p5: float
    p1: float
    count: int
    of_class: str = ""

    @property
    def near(self) -> float:
        """What is nearer than that may be a copy: so near are 1 % of the reconstructions, or 5 % where few are known.

        Of fewer than 20 nothing but an identical picture is.
        """
        return self.p1 if self.count >= KNOWS_1 else self.p5 if self.count >= KNOWS_5 else 0.0


def nearest(images: Images, data: Images, on_batch: OnBatch = lambda done, total: None) -> NearestImages:
    """Search images (Q, C, H, W) in data (N, C, H, W), which may be a memory map.

    `on_batch(done, total)` is told how many comparisons are done and may raise to stop. Raises GenerationError for
    arrays that don't fit each other.
    """
    _check(images, data)
    found = neighbours.nearest(images, data, on_block=on_batch)
    return NearestImages(found.rows[:, 0], (found.distances[:, 0] / 255).astype(np.float32))


@dataclass(frozen=True)
class References:
    """What is usual near each class of training images, by its number, and near any of them.

    A stroke is always near some other stroke: measured by all classes together, what may be copies were ones, all of
    them. A class near which fewer than 20 reconstructions lie is measured by all together.
    """

    of_all: Reference
    by_class: dict[int, Reference]

    def near(self, label: int) -> Reference:
        """What to measure a picture by whose nearest training image is of this class."""
        return self.by_class.get(label, self.of_all)

    def may_be_copies(self, found: NearestImages, labels: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which pictures are nearer than usual to their nearest training images; labels (N,) of all of these."""
        limits = np.array([self.near(int(label)).near for label in labels[found.row]])
        near: NDArray[np.bool_] = (found.distance < limits) | (found.distance == 0)
        return near


def references(
    reconstructions: Images,
    data: Images,
    labels: NDArray[np.int64],
    class_names: tuple[str, ...],
    on_batch: OnBatch = lambda done, total: None,
) -> References:
    """What a decoded picture usually has: distances of reconstructions (Q, C, H, W) of test images to training data."""
    if not len(reconstructions):
        raise GenerationError("There are 0 reconstructions to compare with, expected at least 1.")
    found = nearest(reconstructions, data, on_batch)
    of = labels[found.row]
    counts = {int(label): int((of == label).sum()) for label in np.unique(of)}
    by_class = {
        label: _reference(found.distance[of == label], class_names[label])
        for label, count in counts.items()
        if count >= KNOWS_5 and len(class_names) > 1
    }
    return References(_reference(found.distance, ""), by_class)


def _reference(distance: FloatArray, of_class: str) -> Reference:
    median, p95, p5, p1 = (float(value) for value in np.percentile(distance, [50, 95, 5, 1]))
    return Reference(median, p95, p5, p1, len(distance), of_class)


class Likeness(enum.Enum):
    """What a picture's distance to its nearest training image says of it."""

    COPY = "copy"  # or so near that it may be one
    CLOSE = "close"
    USUAL = "usual"
    UNLIKE = "unlike"


@dataclass(frozen=True)
class Standing:
    """Where a picture stands among reconstructions, and the sentence that says it with its numbers."""

    likeness: Likeness
    sentence: str


def standing(distance: float, known: Reference) -> Standing:
    """What a picture's distance to its nearest training image says.

    A percentage is only named where the reference has images enough to know it: 100 for 99 %, 20 for 95 %.
    """
    of_them = f"(their median is {known.median:.2f}, {known.count:,} of them)"
    class_near = f" near class {known.of_class}" if known.of_class else ""
    them = f"reconstructions of test images{class_near} {of_them}"
    if distance == 0:
        return Standing(
            Likeness.COPY, f"Identical to a training image, pixel for pixel: a copy. To compare with: {them}."
        )
    if distance < known.p1 and known.count >= KNOWS_1:
        return Standing(Likeness.COPY, f"Nearer to a training image than 99 % of {them}: may be a copy.")
    if distance < known.p5 and known.count >= KNOWS_5:
        return Standing(Likeness.CLOSE, f"Nearer to a training image than 95 % of {them}: compare the two by eye.")
    if distance <= known.median:
        return Standing(Likeness.USUAL, f"As near to a training image as {them} usually are: no sign of a copy.")
    if distance <= known.p95 or known.count < KNOWS_5:
        return Standing(
            Likeness.USUAL, f"Farther from every training image than half of the {them}: no sign of a copy."
        )
    return Standing(
        Likeness.UNLIKE,
        f"Farther from every training image than 95 % of {them}: no sign of a copy, and perhaps unlike the data.",
    )


def _check(images: Images, data: Images) -> None:
    for what, array in (("pictures", images), ("training images", data)):
        if array.dtype != np.uint8 or array.ndim != 4 or 0 in array.shape[1:]:
            raise GenerationError(f"The {what} are {array.dtype} {array.shape}, expected uint8 (N, C, H, W).")
    if images.shape[1:] != data.shape[1:]:
        raise GenerationError(
            f"The pictures are {images.shape[1:]}, the training images {data.shape[1:]}: they can't be compared."
        )
    if not len(data):
        raise GenerationError("There are 0 training images, expected at least 1.")
