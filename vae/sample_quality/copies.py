"""The training image nearest to a picture, exactly, over pixels: is what was generated a copy? numpy only.

Pixel distance sees copies, not paraphrases: the same digit moved by a pixel is far away.
"""

from __future__ import annotations

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


@dataclass(frozen=True)
class Reference:
    """Percentiles of the distances from reconstructions of `count` test images to their nearest training image."""

    median: float
    p95: float
    p5: float
    p1: float
    count: int


def nearest(images: Images, data: Images, on_batch: OnBatch = lambda done, total: None) -> NearestImages:
    """Search images (Q, C, H, W) in data (N, C, H, W), which may be a memory map.

    `on_batch(done, total)` is told how many comparisons are done and may raise to stop. Raises GenerationError for
    arrays that don't fit each other.
    """
    _check(images, data)
    found = neighbours.nearest(images, data, on_block=on_batch)
    return NearestImages(found.rows[:, 0], (found.distances[:, 0] / 255).astype(np.float32))


def reference(reconstructions: Images, data: Images, on_batch: OnBatch = lambda done, total: None) -> Reference:
    """What a decoded picture usually has: distances of reconstructions (Q, C, H, W) of test images to training data."""
    if not len(reconstructions):
        raise GenerationError("There are 0 reconstructions to compare with, expected at least 1.")
    distance = nearest(reconstructions, data, on_batch).distance
    median, p95, p5, p1 = (float(value) for value in np.percentile(distance, [50, 95, 5, 1]))
    return Reference(median, p95, p5, p1, len(distance))


def reading(distance: float, known: Reference) -> str:
    """One sentence on a picture's distance to its nearest training image.

    A percentage is only named where the reference has images enough to know it: 100 for 99 %, 20 for 95 %.
    """
    of_them = f"(their median is {known.median:.2f}, {known.count:,} of them)"
    them = f"reconstructions of test images {of_them}"
    if distance == 0:
        return f"Identical to a training image, pixel for pixel: a copy. To compare with: {them}."
    if distance < known.p1 and known.count >= 100:
        return f"Nearer to a training image than 99 % of {them}: may be a copy."
    if distance < known.p5 and known.count >= 20:
        return f"Nearer to a training image than 95 % of {them}: compare the two by eye."
    if distance <= known.median:
        return f"As near to a training image as {them} usually are: no sign of a copy."
    if distance <= known.p95 or known.count < 20:
        return f"Farther from every training image than half of the {them}: no sign of a copy."
    return f"Farther from every training image than 95 % of {them}: no sign of a copy, and perhaps unlike the data."


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
