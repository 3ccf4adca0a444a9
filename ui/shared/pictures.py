"""Image arrays as pictures that a page shows."""

from __future__ import annotations

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
