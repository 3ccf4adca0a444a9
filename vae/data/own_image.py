"""A person's own picture, whatever file it is in, as an image that a model takes. Pillow; no torch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vae.data import image_decoding
from vae.errors import DatasetError, GenerationError

MAX_BYTES = 20 * 2**20


def from_bytes(content: bytes, image_shape: tuple[int, int, int], invert: bool) -> NDArray[np.uint8]:
    """The picture as (C, H, W): upright, its middle cut to the model's aspect ratio, resized, grey where C is 1.

    `invert` makes black white: MNIST is white on black, paper is not.

    Raises
    ------
    GenerationError
        For a file that is damaged, too large or no image, and a model of images that are neither grey nor colour.
    """
    channels, height, width = image_shape
    if channels not in (1, 3):
        raise GenerationError(f"The model's images have {channels} channels, expected 1 or 3 to take a picture.")
    try:
        pixels = image_decoding.decode_bytes(content, image_decoding.Format(height, width, channels == 3), MAX_BYTES)
    except DatasetError as error:
        raise GenerationError(
            f"The picture can't be used: {error.message}.", f"Expected one of {', '.join(image_decoding.FORMATS)}."
        ) from error
    return np.subtract(255, pixels, dtype=np.uint8) if invert else pixels
