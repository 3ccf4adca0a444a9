"""Outliers made from normal images, so that scores can be compared where no real outlier is known. Numpy only.

Every kind takes uint8 images (N, C, H, W) of any size and gives one outlier for each. They damage content (what is
drawn, and where) more than texture, in ways that don't know what a real outlier will look like. Sizes are shares of
the image's sides, so that 8×8 and 28×28 are damaged alike. "Background" is the median of an image, channel by channel.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmarks.anomaly.synthetic_geometry import Floats, Images, affine, background, elastic, turn
from vae.errors import ScoreError

MOST_IMAGES = 20_000  # at once; a few hundred tell scores apart


def names() -> tuple[str, ...]:
    """All kinds, in a fixed order."""
    return tuple(KINDS)


def make(images: Images, kind: str, seed: int = 0) -> Images:
    """One outlier of this kind for every image (N, C, H, W); the same seed gives the same ones.

    Raises
    ------
    ScoreError
        For an unknown kind, fewer than two images or more than 20,000, and anything but uint8 (N, C, H, W).
    """
    if kind not in KINDS:
        raise ScoreError(f"Unknown kind of synthetic outlier {kind!r:.60}.", f"Known ones: {', '.join(KINDS)}.")
    if images.dtype != np.uint8 or images.ndim != 4:
        raise ScoreError(f"The images are {images.dtype} of shape {images.shape}, expected uint8 (N, C, H, W).")
    if not 2 <= len(images) <= MOST_IMAGES:
        raise ScoreError(
            f"Synthetic outliers of {len(images):,} images, expected 2 to {MOST_IMAGES:,}.",
            "Some kinds are made of two images.",
        )
    random = np.random.default_rng(np.random.SeedSequence([seed, *kind.encode()]))
    made = KINDS[kind](images, random)
    return np.clip(np.rint(made), 0, 255).astype(np.uint8)


# --- of two images ----------------------------------------------------------------------------------------------------


def _blend(images: Images, random: np.random.Generator) -> Floats:
    """The mean of two images (mixup: Zhang et al. 2018, arXiv:1710.09412)."""
    return (images.astype(np.float64) + _partner(images, random)) / 2


def _halves(images: Images, random: np.random.Generator) -> Floats:
    """One half of an image beside the other half of another, cut across or along the middle, the second one mirrored.

    Mirrored because halves of two images of one class, put together as they are, are often just another of them.
    """
    height, width = images.shape[2:]
    rows, columns = np.mgrid[:height, :width]
    upper, left = rows < height / 2, columns < width / 2
    other = _partner(images, random)
    across = random.random((len(images), 1, 1, 1)) < 0.5
    mirrored = np.where(across, other[:, :, :, ::-1], other[:, :, ::-1])  # keeps the half that is taken in its place
    return np.where(np.where(across, upper, left), images, mirrored).astype(np.float64)


def _partner(images: Images, random: np.random.Generator) -> Images:
    """Another image for every image: the next one in a random round."""
    order = random.permutation(len(images))
    partner = np.empty_like(order)
    partner[order] = np.roll(order, 1)
    return images[partner]


# --- patches and strokes ----------------------------------------------------------------------------------------------


def _cut_paste(images: Images, random: np.random.Generator) -> Floats:
    """A patch of the image pasted at another place of it (Li et al. 2021, arXiv:2104.04015)."""
    made = images.astype(np.float64)
    for image, patch in zip(made, _patches(images, random), strict=True):
        top, left, height, width = patch
        to_top = int(random.integers(0, image.shape[1] - height + 1))
        to_left = int(random.integers(0, image.shape[2] - width + 1))
        cut = image[:, top : top + height, left : left + width].copy()
        image[:, to_top : to_top + height, to_left : to_left + width] = cut
    return made


def _erase(images: Images, random: np.random.Generator) -> Floats:
    """A patch that holds something becomes background (random erasing: Zhong et al. 2020, arXiv:1708.04896)."""
    made = images.astype(np.float64)
    for image, empty, patch in zip(made, background(images), _patches(images, random), strict=True):
        top, left, height, width = patch
        image[:, top : top + height, left : left + width] = empty
    return made


def _patches(images: Images, random: np.random.Generator) -> NDArray[np.int64]:
    """(N, 4) top, left, height, width: sides of a quarter to a half, around a pixel that is not background."""
    sides = np.array(images.shape[2:])
    size = np.maximum(1, np.rint(sides * random.uniform(0.25, 0.5, (len(images), 2)))).astype(np.int64)
    shown = np.abs(images - background(images)).sum(1).reshape(len(images), -1) + 1e-3  # (N, H·W)
    cumulative = np.cumsum(shown, axis=1)
    chosen = (cumulative < random.random((len(images), 1)) * cumulative[:, -1:]).sum(1)
    centre = np.stack(np.unravel_index(np.minimum(chosen, shown.shape[1] - 1), tuple(sides)), axis=1)
    corner = np.clip(centre - size // 2, 0, sides - size)
    return np.concatenate([corner, size], axis=1)


def _stroke(images: Images, random: np.random.Generator) -> Floats:
    """A straight stroke more, as bright as the image's extreme, a third to two thirds of the side long."""
    height, width = images.shape[2:]
    side, shape = min(height, width), (len(images), 1, 1)
    rows, columns = (axis[None] for axis in np.mgrid[:height, :width])
    angle = random.uniform(0, np.pi, shape)
    half = random.uniform(1 / 6, 1 / 3, shape) * side
    row, column = random.uniform(0.25, 0.75, shape) * height - 0.5, random.uniform(0.25, 0.75, shape) * width - 0.5
    along = (rows - row) * np.sin(angle) + (columns - column) * np.cos(angle)
    across = (rows - row) * np.cos(angle) - (columns - column) * np.sin(angle)
    distance = np.hypot(across, np.maximum(np.abs(along) - half, 0))
    opacity = np.clip(side / 24 + 0.5 - distance, 0, 1)[:, None]  # a pen about 1/12 of the side wide, soft edge
    empty = background(images)
    flat = images.reshape(*images.shape[:2], -1)
    low, high = flat.min(2)[:, :, None, None], flat.max(2)[:, :, None, None]
    ink = np.where(high - empty >= empty - low, high, low)
    made: Floats = images + opacity * (ink - images.astype(np.float64))
    return made


# --- texture ----------------------------------------------------------------------------------------------------------


def _noise(images: Images, random: np.random.Generator) -> Floats:
    """Gaussian noise of a tenth of the range on every pixel, cut off at black and white."""
    return images + random.normal(0, 25.5, images.shape)


KINDS: dict[str, Callable[[Images, np.random.Generator], Floats]] = {
    "blend": _blend,
    "halves": _halves,
    "cut_paste": _cut_paste,
    "erase": _erase,
    "stroke": _stroke,
    "turn": turn,
    "affine": affine,
    "elastic": elastic,
    "noise": _noise,
}
