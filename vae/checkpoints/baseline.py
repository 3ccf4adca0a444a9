"""What a loss is to be compared with: a model that draws every pixel by itself, and what no model can be below.

A loss in nats says nothing alone: it depends on the images' size, their grey values and the likelihood. Independent
pixels know the training images' mean, pixel by pixel, and nothing of what belongs together; a model that is not better
has learned nothing else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vae.checkpoints.metrics import MeasuredBy, Yardstick
from vae.config import GAUSSIANS, MAX_LOGVAR, MIN_LOGVAR

MOST_IMAGES = 50_000  # that are looked at, evenly spread: enough for means, and soon read
CHUNK_PIXELS = 2**24
LEVELS = np.arange(256) / 255


@dataclass(frozen=True, eq=False)
class PixelMoments:
    """What is known of `count` images one pixel at a time: means of x and x² (C, H, W), and the entropy in nats an
    image.

    Pixels are in [0, 1]; the entropy reads each as the probability of a Bernoulli pixel.
    """

    count: int
    mean: NDArray[np.float64]
    mean_square: NDArray[np.float64]
    entropy: float

    def yardstick(self, seen: PixelMoments, by: MeasuredBy) -> Yardstick:
        """The loss, on images that were `seen`, of independent pixels that know these ones."""
        if by.likelihood in GAUSSIANS:
            return Yardstick(self._gaussian_loss(seen), None)
        # an autoencoder sees the binarized pixels that it is to draw, and pays nothing for what it tells of them
        has_floor = not (by.binarized and by.objective == "autoencoder")
        return Yardstick(self._bernoulli_loss(seen), seen.entropy if has_floor else None)

    def _bernoulli_loss(self, seen: PixelMoments) -> float:
        """−Σ (x log p + (1 − x) log(1 − p)); half an image more of 0 and of 1 keeps p between them (Jeffreys)."""
        p = (self.count * self.mean + 0.5) / (self.count + 1)
        return -float((seen.mean * np.log(p) + (1 - seen.mean) * np.log1p(-p)).sum())

    def _gaussian_loss(self, seen: PixelMoments) -> float:
        """−log N(x; mean, σ²), summed, with one σ² for all pixels, as the likelihood has it (likelihoods.py)."""
        variance = (self.mean_square - self.mean**2).mean()
        logvar = float(np.clip(np.log(max(variance, 1e-300)), MIN_LOGVAR, MAX_LOGVAR))
        errors = (seen.mean_square - 2 * seen.mean * self.mean + self.mean**2).sum()
        return 0.5 * float(errors / math.exp(logvar) + self.mean.size * (logvar + math.log(2 * math.pi)))


def pixel_moments(images: NDArray[np.uint8]) -> PixelMoments:
    """Of images (N, C, H, W), which may be a memory map; of very many an even part."""
    rows = np.linspace(0, len(images) - 1, min(len(images), MOST_IMAGES)).astype(np.int64)
    shape = images.shape[1:]
    step = max(1, CHUNK_PIXELS // max(1, math.prod(shape)))
    total, squares, counts = np.zeros(shape, np.uint64), np.zeros(shape, np.uint64), np.zeros(256, np.int64)
    for start in range(0, len(rows), step):
        chunk = images[rows[start : start + step]]
        total += chunk.sum(0, dtype=np.uint64)
        squares += np.square(chunk, dtype=np.uint16).sum(0, dtype=np.uint64)
        counts += np.bincount(chunk.ravel(), minlength=256)
    levels = LEVELS.clip(1e-12, 1 - 1e-12)
    entropies = -(levels * np.log(levels) + (1 - levels) * np.log1p(-levels))
    return PixelMoments(
        len(rows), total / (255 * len(rows)), squares / (255**2 * len(rows)), float(counts @ entropies / len(rows))
    )
