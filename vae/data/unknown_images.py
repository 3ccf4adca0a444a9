"""Images of unknown origin and size as pixels of the model's shape, many at a time. Pillow; no torch."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from vae.data import image_decoding
from vae.data.image_decoding import Format
from vae.errors import DatasetError, ScoreError

Images = NDArray[np.uint8]
Shape = tuple[int, int, int]

WORKERS = 4  # threads: Pillow lets go of Python's lock while it decodes
MAX_UPLOADED = 20 * 2**20  # bytes of one file in memory


@dataclass(frozen=True, eq=False)
class Decoded:
    """Pixels (C, H, W) and the (width, height) that the file had."""

    pixels: Images
    size: tuple[int, int]


def decode_all(files: Sequence[Path | bytes], form: Format) -> list[Decoded | DatasetError]:
    """Each file, by path or content, or what is wrong with it."""

    def one(file: Path | bytes) -> Decoded | DatasetError:
        try:
            if isinstance(file, bytes):
                return Decoded(image_decoding.decode_bytes(file, form, MAX_UPLOADED), _size(BytesIO(file)))
            return Decoded(image_decoding.decode(file, form), _size(file))
        except DatasetError as error:
            return error

    with warnings.catch_warnings(), ThreadPoolExecutor(WORKERS, "decode") as pool:
        warnings.simplefilter("ignore")  # Pillow's, about large or odd files: pictures.py has bounds of its own
        return list(pool.map(one, files))


def format_of(image_shape: Shape) -> Format:
    """What images become for a model. Raises ScoreError for one whose images are neither grey nor colour."""
    channels, height, width = image_shape
    if channels not in (1, 3):
        raise ScoreError(f"The images have {channels} channels, expected 1 or 3 to decode or resize them.")
    return Format(height, width, colour=channels == 3)


def check_resizable(*image_shapes: Shape) -> None:
    """Raise ScoreError unless images of each of these shapes are grey or colour."""
    for shape in image_shapes:
        format_of(shape)


def fitted(images: Images, image_shape: Shape) -> Images:
    """Images (n, C, H, W) with their middle cut out and resized, as pictures.py does with files."""
    channels, height, width = image_shape
    fitted = np.empty((len(images), height, width, channels), np.uint8)
    for k, pixels in enumerate(images):
        picture = Image.fromarray(pixels[0] if len(pixels) == 1 else np.ascontiguousarray(pixels.transpose(1, 2, 0)))
        small = ImageOps.fit(
            picture.convert("L" if channels == 1 else "RGB"), (width, height), Image.Resampling.LANCZOS
        )
        fitted[k] = np.asarray(small).reshape(height, width, channels)
    return np.ascontiguousarray(fitted.transpose(0, 3, 1, 2))  # (n, C, H, W)


def _size(source: Path | BytesIO) -> tuple[int, int]:
    """Width and height that the header of an image tells."""
    try:
        with Image.open(source, formats=image_decoding.FORMATS) as image:
            return image.size
    except Exception as error:  # the file has changed since it was decoded
        raise DatasetError(f"it can't be read any more: {error!s:.80}") from error
