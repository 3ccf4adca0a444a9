"""The training image nearest to a picture, exactly, over pixels: is what was generated a copy? numpy only.

Pixel distance sees copies, not paraphrases: the same digit moved by a pixel is far away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vae.checkpoints.checkpoint import FloatArray
from vae.errors import GenerationError

Images = NDArray[np.uint8]
OnBatch = Callable[[int, int], None]

EXACT_PIXELS = 1_024  # (x-128)(y-128) is at most 2^14 in size: float32 adds up 2^10 of them without rounding
CHUNK_BYTES = 4 * 2**20  # of data as float32: small enough to stay in the cache
QUERY_BYTES = 32 * 2**20  # of queries as float32, and of their products with one chunk


@dataclass(frozen=True, eq=False)
class Nearest:
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


def nearest(images: Images, data: Images, on_batch: OnBatch = lambda done, total: None) -> Nearest:
    """Search images (Q, C, H, W) in data (N, C, H, W), which may be a memory map; about 100 MB beside them at most.

    |x−y|² = |x|² + |y|² − 2xy with a float32 matrix product of whole numbers that never rounds (`EXACT_PIXELS`), so
    winner and distance are exact. `on_batch(done, total)` hears how many comparisons are done and may raise to stop.
    Raises GenerationError for arrays that don't fit each other.
    """
    _check(images, data)
    pixels = int(np.prod(data.shape[1:]))
    rows = max(1, CHUNK_BYTES // (4 * pixels))
    queries = max(1, QUERY_BYTES // (4 * max(pixels, 2 * rows)))  # products are float64: twice the bytes
    row, squared = np.zeros(len(images), np.int64), np.full(len(images), np.inf)
    done, total = 0, len(images) * len(data)
    for start in range(0, len(images), queries):
        here = slice(start, start + queries)
        x = _centred(images[here])  # (q, P)
        x_norm = _dot(x, x)
        for first in range(0, len(data), rows):
            y = _centred(data[first : first + rows])  # (r, P)
            distance = _products(x, y)  # (q, r)
            distance *= -2
            distance += _dot(y, y)
            best = distance.argmin(1)
            found = distance[np.arange(len(x)), best] + x_norm
            nearer = found < squared[here]
            row[here][nearer], squared[here][nearer] = best[nearer] + first, found[nearer]
            done += distance.size
            on_batch(done, total)
    return Nearest(row, (np.sqrt(squared) / 255).astype(np.float32))


def reference(reconstructions: Images, data: Images, on_batch: OnBatch = lambda done, total: None) -> Reference:
    """What a decoded picture usually has: distances of reconstructions (Q, C, H, W) of test images to training data."""
    if not len(reconstructions):
        raise GenerationError("There are 0 reconstructions to compare with, expected at least 1.")
    distance = nearest(reconstructions, data, on_batch).distance
    median, p95, p5, p1 = (float(value) for value in np.percentile(distance, [50, 95, 5, 1]))
    return Reference(median, p95, p5, p1, len(distance))


def reading(distance: float, usual: Reference) -> str:
    """One sentence on a picture's distance to its nearest training image.

    A percentage is only named where the reference has images enough to know it: 100 for 99 %, 20 for 95 %.
    """
    of_them = f"(their median is {usual.median:.2f}, {usual.count:,} of them)"
    them = f"reconstructions of test images {of_them}"
    if distance == 0:
        return f"Identical to a training image, pixel for pixel: a copy. To compare with: {them}."
    if distance < usual.p1 and usual.count >= 100:
        return f"Nearer to a training image than 99 % of {them}: may be a copy."
    if distance < usual.p5 and usual.count >= 20:
        return f"Nearer to a training image than 95 % of {them}: compare the two by eye."
    if distance <= usual.median:
        return f"As near to a training image as {them} usually are: no sign of a copy."
    if distance <= usual.p95 or usual.count < 20:
        return f"Farther from every training image than half of the {them}: no sign of a copy."
    return f"Farther from every training image than 95 % of {them}: no sign of a copy, and perhaps unlike the data."


def _centred(images: Images) -> FloatArray:
    """Images (n, C, H, W) as whole numbers from -128 to 127, (n, P) float32."""
    flat = np.ascontiguousarray(images).reshape(len(images), -1)
    return (flat ^ np.uint8(128)).view(np.int8).astype(np.float32)  # flipping the top bit is subtracting 128


def _blocks(pixels: int) -> Iterator[slice]:
    return (slice(start, start + EXACT_PIXELS) for start in range(0, pixels, EXACT_PIXELS))


def _dot(x: FloatArray, y: FloatArray) -> NDArray[np.float64]:
    """Row by row x·y, (n,)."""
    parts = [np.einsum("np,np->n", x[:, b], y[:, b]).astype(np.float64) for b in _blocks(x.shape[1])]
    return np.asarray(sum(parts), np.float64)


def _products(x: FloatArray, y: FloatArray) -> NDArray[np.float64]:
    """Every row of x (q, P) with every row of y (r, P): (q, r)."""
    product = np.zeros((len(x), len(y)))
    for block in _blocks(x.shape[1]):
        product += x[:, block] @ y[:, block].T
    return product


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
