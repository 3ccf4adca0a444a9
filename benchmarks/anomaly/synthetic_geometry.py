"""Images turned, mirrored, sheared and bent: the synthetic outliers (synthetic.py) that move pixels. Numpy only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]
Floats = NDArray[np.float64]


def turn(images: Images, random: np.random.Generator) -> Floats:
    """Mirrored, upside down or turned by quarters where it is square (Golan & El-Yaniv 2018, arXiv:1805.10917)."""
    turned: list[Images] = [images[:, :, :, ::-1], images[:, :, ::-1], images[:, :, ::-1, ::-1]]
    if images.shape[2] == images.shape[3]:
        turned += [np.rot90(images, quarters, (2, 3)) for quarters in (1, 3)]
    which = random.integers(0, len(turned), len(images))
    return np.stack(turned)[which, np.arange(len(images))].astype(np.float64)


def affine(images: Images, random: np.random.Generator) -> Floats:
    """Turned by 30° to 60°, sheared by up to 0.3, each side scaled by 0.7 to 1.4: far beyond a writer's slant."""
    shape = (len(images), 1, 1)
    angle = np.deg2rad(random.uniform(30, 60, shape)) * random.choice([-1, 1], shape)
    shear = random.uniform(-0.3, 0.3, shape)
    y, x = (axis[None] for axis in centred(images))
    turned_y, turned_x = y * np.cos(angle) - x * np.sin(angle), y * np.sin(angle) + x * np.cos(angle)
    down, right = (np.exp(random.uniform(np.log(0.7), np.log(1.4), shape)) for _ in range(2))
    return sampled(images, turned_y / down, (turned_x + shear * turned_y) / right)


def elastic(images: Images, random: np.random.Generator) -> Floats:
    """Pushed about by a smooth random field, about a seventh of the side (Simard, Steinkraus & Platt 2003).

    The field is a sum of a few waves of up to two periods per side, with random phases.
    """
    y, x = (axis[None] for axis in centred(images))
    height, width = images.shape[2:]
    moved = []
    for axis, side in ((y, height), (x, width)):
        field = np.zeros((len(images), height, width))
        for _ in range(4):
            down, right = random.uniform(-2, 2, (2, len(images), 1, 1))  # periods
            phase = random.uniform(0, 2 * np.pi, (len(images), 1, 1))
            field += np.sin(2 * np.pi * (down * y / height + right * x / width) + phase)
        moved.append(axis + field * side / 14 * np.sqrt(0.5))
    return sampled(images, moved[0], moved[1])


def centred(images: Images) -> tuple[Floats, Floats]:
    """Rows and columns (H, W), each from the centre."""
    height, width = images.shape[2:]
    rows, columns = np.mgrid[:height, :width].astype(np.float64)
    return rows - (height - 1) / 2, columns - (width - 1) / 2


def sampled(images: Images, y: Floats, x: Floats) -> Floats:
    """Pixels read at (y, x) from the centre, (N, H, W) each, between pixels linearly; outside is background."""
    height, width = images.shape[2:]
    row, column = y + (height - 1) / 2, x + (width - 1) / 2
    top, left = np.floor(row).astype(np.int64), np.floor(column).astype(np.int64)
    empty = background(images)
    framed = np.broadcast_to(empty, (*images.shape[:2], height + 2, width + 2)).copy()
    framed[:, :, 1:-1, 1:-1] = images
    which = np.arange(len(images))[:, None, None]
    made = np.zeros(images.shape, np.float64)
    for down in (0, 1):
        for right in (0, 1):
            weight = np.abs(1 - down - (row - top)) * np.abs(1 - right - (column - left))  # (N, H, W)
            r, c = np.clip(top + down + 1, 0, height + 1), np.clip(left + right + 1, 0, width + 1)
            made += weight[:, None] * np.moveaxis(framed[which, :, r, c], -1, 1)
    return made


def background(images: Images) -> Floats:
    """(N, C, 1, 1)"""
    median: Floats = np.median(images, axis=(2, 3), keepdims=True).astype(np.float64)
    return median
