"""Image arrays as pictures that a page shows."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDTH = 160


def enlarged(image: NDArray[Any], width: int = WIDTH) -> NDArray[np.uint8]:
    """(C, H, W) as uint8 or in [0, 1] -> (H, W) or (H, W, 3), enlarged so that a browser does not blur it."""
    pixels = image if image.dtype == np.uint8 else np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)
    factor = max(1, width // pixels.shape[2])
    pixels = pixels.repeat(factor, 1).repeat(factor, 2)
    return pixels[0] if len(pixels) < 3 else np.moveaxis(pixels[:3], 0, -1)


def shrunk(image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """(C, H, W) uint8 with its height at most about twice `side`, each pixel the mean of those that it stands for."""
    step = max(1, image.shape[1] // side)
    height, width = (max(1, size // step) for size in image.shape[1:])
    blocks = image[:, : height * step, : width * step]
    if blocks.shape[1:] != (height * step, width * step):  # narrower than a step
        return np.ascontiguousarray(image[:, ::step, ::step])
    means: NDArray[np.float64] = blocks.reshape(len(image), height, step, width, step).mean((2, 4))
    rounded: NDArray[np.uint8] = np.round(means).astype(np.uint8)
    return rounded


def png(image: NDArray[np.uint8]) -> bytes:
    """(C, H, W) uint8 as a PNG file, without Pillow: what a page shows first loads none. One channel is grey, of more
    the first three are red, green and blue.
    """
    pixels = image[:1] if len(image) < 3 else image[:3]
    channels, height, width = pixels.shape
    lines = np.zeros((height, 1 + width * channels), np.uint8)  # each begins with its filter: none
    lines[:, 1:] = np.moveaxis(pixels, 0, -1).reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 0 if channels == 1 else 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes())), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
