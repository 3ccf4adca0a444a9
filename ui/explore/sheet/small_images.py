"""All images of a data set, small, on one picture, as the page takes them. No streamlit."""

from __future__ import annotations

import json
import math

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from ui.shared import pictures

MOST_PIXELS = 2**24  # of all small images together: a browser holds them in 64 MB


def packed(images: NDArray[np.uint8], identity: str) -> bytes:
    """One safetensors file for sheets.js: a PNG of all images (N, C, H, W), row by row, each reduced to what there is
    room for.
    """
    small = reduced(images, math.isqrt(MOST_PIXELS // max(1, len(images))))
    count, channels, height, width = small.shape
    columns = math.ceil(math.sqrt(count * height / width))
    lines = math.ceil(count / columns)
    tiles = np.zeros((lines * columns, channels, height, width), np.uint8)
    tiles[:count] = small
    whole = tiles.reshape(lines, columns, channels, height, width).transpose(2, 0, 3, 1, 4)
    png = pictures.png(np.ascontiguousarray(whole.reshape(channels, lines * height, columns * width)))
    about = {"identity": identity, "columns": columns, "width": width, "height": height}
    return safetensors.numpy.save({"png": np.frombuffer(png, np.uint8)}, {"sheet": json.dumps(about)})


def reduced(images: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """(N, C, H, W) with no more than `side`² pixels each, by means of equal blocks; at least one pixel each."""
    height, width = images.shape[2:]
    step = max(1, math.ceil(math.sqrt(height * width) / max(1, side)))
    if step == 1:
        return images
    step = min(step, height, width)
    high, wide = height // step, width // step
    found = np.empty((*images.shape[:2], high, wide), np.uint8)
    for k, image in enumerate(images):  # one by one: means of all would take eight times their memory
        blocks = image[:, : high * step, : wide * step].reshape(-1, high, step, wide, step)
        found[k] = np.round(blocks.mean((2, 4))).astype(np.uint8)
    return found
