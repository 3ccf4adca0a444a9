"""Coloured shapes, rendered here by known factors, so that everybody has colour pictures. Imports no torch.

One ellipse, square or triangle on dark ground. Each of six factors is drawn on its own: shape, hue, size, x, y and
rotation (`factors`), which stays below a square's symmetry, so that no two rotations look alike. 10,000 images are
train, 1,000 validation, 2,000 test, each split from a stream of its own.

`shapes` has 32×32 pixels, `shapes-64` shows the same scenes in 64×64.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from vae.data.image_dataset import DatasetInfo, ImageDataset

TRAIN, VALIDATION, TEST, SEED = 10_000, 1_000, 2_000, 0
COUNTS = {"train": TRAIN, "validation": VALIDATION, "test": TEST}
CLASS_NAMES = ("ellipse", "square", "triangle")
GROUND = (44.0, 48.0, 56.0)
SATURATION, VALUE = 0.75, 0.95
MOST_HUE = 280.0  # degrees: from red to violet, never round to red again, so that a line can hold it
LEAST_RADIUS, MOST_RADIUS = 0.15, 0.28  # of the picture's side
LEAST_PLACE, MOST_PLACE = 0.3, 0.7
MOST_TURN = 40.0  # degrees to either side
AT_ONCE = 500  # images rendered together: some 30 MB at 64×64


@dataclass(frozen=True)
class Factors:
    """What each of N images is made of, (N,) each.

    `shape` is the label. `hue` is in degrees from 0 to 280; `radius` (half an ellipse's length, and of like area for
    the others), `x` (from the left) and `y` (from above) in shares of the picture's side; `rotation` in degrees
    clockwise, from −40 to 40.
    """

    shape: NDArray[np.int64]
    hue: NDArray[np.float64]
    radius: NDArray[np.float64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    rotation: NDArray[np.float64]


def factors(split: str) -> Factors:
    """The factors of one split's images, in their order, the same for both sizes."""
    count = COUNTS[split]
    random = np.random.Generator(np.random.PCG64([SEED, list(COUNTS).index(split)]))
    return Factors(
        shape=random.integers(0, len(CLASS_NAMES), count),
        hue=random.uniform(0, MOST_HUE, count),
        radius=random.uniform(LEAST_RADIUS, MOST_RADIUS, count),
        x=random.uniform(LEAST_PLACE, MOST_PLACE, count),
        y=random.uniform(LEAST_PLACE, MOST_PLACE, count),
        rotation=random.uniform(-MOST_TURN, MOST_TURN, count),
    )


def render(made_of: Factors, side: int) -> NDArray[np.uint8]:
    """The pictures (N, 3, side, side) of these factors; a shape's edge is one pixel soft."""
    count = len(made_of.shape)
    images = np.empty((count, 3, side, side), np.uint8)
    for start in range(0, count, AT_ONCE):
        here = slice(start, start + AT_ONCE)
        some = Factors(*(getattr(made_of, name)[here] for name in Factors.__dataclass_fields__))
        images[here] = _rendered(some, side)
    return images


def _rendered(made_of: Factors, side: int) -> NDArray[np.uint8]:
    centres = (np.arange(side, dtype=np.float32) + 0.5) / side
    column = [np.asarray(values, np.float32)[:, None, None] for values in (made_of.x, made_of.y, made_of.radius)]
    x, y, radius = centres[None, None, :] - column[0], centres[None, :, None] - column[1], column[2]
    turn = np.deg2rad(made_of.rotation).astype(np.float32)[:, None, None]
    across = np.cos(turn) * x + np.sin(turn) * y  # in the shape's own frame
    down = np.cos(turn) * y - np.sin(turn) * x
    outside = np.empty(across.shape, np.float32)
    for label, far in enumerate((_ellipse, _square, _triangle)):
        own = made_of.shape == label
        outside[own] = far(across[own], down[own], radius[own])
    inside = np.clip(0.5 - outside * side, 0, 1)[:, None]
    ground = np.array(GROUND, np.float32)[None, :, None, None]
    colour = _colours(made_of.hue)[:, :, None, None]
    pixels: NDArray[np.uint8] = np.round(ground + inside * (colour - ground)).astype(np.uint8)
    return pixels


def _ellipse(x: NDArray[np.float32], y: NDArray[np.float32], radius: NDArray[np.float32]) -> NDArray[np.float32]:
    """Roughly the distance from an upright ellipse half as wide as high, negative inside."""
    far: NDArray[np.float32] = (np.hypot(x * 2, y) - radius) * 0.6
    return far


def _square(x: NDArray[np.float32], y: NDArray[np.float32], radius: NDArray[np.float32]) -> NDArray[np.float32]:
    far: NDArray[np.float32] = np.maximum(np.abs(x), np.abs(y)) - radius * np.float32(0.7)
    return far


def _triangle(x: NDArray[np.float32], y: NDArray[np.float32], radius: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of equal sides, its tip up."""
    slope = (np.abs(x) * np.float32(np.sqrt(3)) - y) / 2
    far: NDArray[np.float32] = np.maximum(slope, y) - radius * np.float32(0.5)
    return far


def _colours(hue: NDArray[np.float64]) -> NDArray[np.float32]:
    """(N, 3), 0 to 255, of hues in degrees (Smith 1978)."""
    sector = (np.array([5, 3, 1]) + hue[:, None] / 60) % 6
    share = VALUE * (1 - SATURATION * np.clip(np.minimum(sector, 4 - sector), 0, 1))
    colours: NDArray[np.float32] = (share * 255).astype(np.float32)
    return colours


@lru_cache(maxsize=8)  # both sizes' three splits: rendering takes up to seconds
def _load(name: str, side: int, split: str) -> ImageDataset:
    made_of = factors(split)
    return ImageDataset(name, split, render(made_of, side), made_of.shape.astype(np.int64), CLASS_NAMES)


def _info(name: str, side: int) -> DatasetInfo:
    return DatasetInfo(
        name=name,
        title=f"Coloured shapes, {side}×{side}",
        image_shape=(3, side, side),
        class_names=CLASS_NAMES,
        counts=COUNTS,
        download_mb=0,
        load_split=partial(_load, name, side),
        on_this_machine=lambda: True,
        changed=lambda: 0,
    )


INFO, INFO_64 = _info("shapes", 32), _info("shapes-64", 64)
