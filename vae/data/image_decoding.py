"""Decode one image file of unknown origin to pixels of a fixed size, with Pillow. Imports no torch."""

from __future__ import annotations

import contextlib
import io
import stat
import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from vae.errors import DatasetError

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")  # told by their first bytes, whatever the file is called
MAX_FILE_BYTES = 100 * 2**20
MAX_PIXELS = 100_000_000
LARGE_PIXELS = 16_000_000  # a picture of more is decoded alone: at the limit it takes 0.8 GB, a WebP 1.6
TILE = 1_024  # pixels, the side of what is flattened at a time
BLOCK_BYTES = 64 * 2**20  # glibc gives more than 32 MB back at once; of smaller blocks each thread hoards its own
COLOUR_LEVELS = 4  # channels that differ by no more are grey: JPEG rounds

_one_large = threading.Lock()
Image.core.set_block_size(BLOCK_BYTES)  # type: ignore[attr-defined] # in which Pillow keeps large pictures


@dataclass(frozen=True)
class Format:
    """What every image becomes."""

    height: int
    width: int
    colour: bool

    @property
    def channels(self) -> int:
        """3 for colour, 1 for grey."""
        return 3 if self.colour else 1


def decode(path: Path, form: Format) -> NDArray[np.uint8]:
    """The file's first frame as (C, H, W): upright, on white where it is transparent, its middle cut to the wanted
    aspect ratio, then resized.

    Raises DatasetError, with a few words as its message, for a file that is damaged, too large or no such image.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise DatasetError("no regular file")
        _check_bytes(found.st_size, MAX_FILE_BYTES)
    except (OSError, ValueError) as error:
        raise DatasetError(_reason(error)) from error
    return _decode(path, form)


def decode_bytes(content: bytes, form: Format, max_bytes: int = MAX_FILE_BYTES) -> NDArray[np.uint8]:
    """`decode` for a file that is in memory."""
    _check_bytes(len(content), max_bytes)
    return _decode(io.BytesIO(content), form)


def has_colour(image: NDArray[np.uint8]) -> bool:
    """Whether the three channels of (3, H, W) differ anywhere."""
    return bool(np.ptp(image, axis=0).max() > COLOUR_LEVELS)


def _check_bytes(found: int, most: int) -> None:
    if found > most:
        raise DatasetError(f"{found / 1e6:,.0f} MB, more than {most / 1e6:,.0f}")


def _decode(source: Path | io.BytesIO, form: Format) -> NDArray[np.uint8]:
    try:
        with Image.open(source, formats=FORMATS) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise DatasetError(f"{width} × {height} pixels, more than {MAX_PIXELS:,}")
            with _alone(width * height):
                return _pixels(image, form)
    except DatasetError:
        raise
    except Exception as error:  # what hostile files make a decoder raise has no common parent
        raise DatasetError(_reason(error)) from error


def _alone(pixels: int) -> AbstractContextManager[object]:
    """What to hold while a picture of so many pixels is decoded: threads take turns with large ones."""
    return _one_large if pixels > LARGE_PIXELS else contextlib.nullcontext()


def _pixels(image: Image.Image, form: Format) -> NDArray[np.uint8]:
    # a large JPEG is decoded at a half, a quarter or an eighth where that is still twice the wanted size
    scale = 2 * max(form.width, form.height) / min(image.size)
    if scale < 1:
        image.draft(None, (int(image.width * scale) + 1, int(image.height * scale) + 1))
    ImageOps.exif_transpose(image, in_place=True)  # without a second copy
    flat = _flat(image, "RGB" if form.colour else "L")
    small = flat.resize((form.width, form.height), Image.Resampling.LANCZOS, box=_middle(flat, form))
    pixels = np.array(small, np.uint8).reshape(form.height, form.width, form.channels)
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))  # (C, H, W)


def _flat(image: Image.Image, mode: str) -> Image.Image:
    """The image in `mode`, without transparency. Tile by tile: what lies between would be four more full copies."""
    if image.mode == mode and not image.has_transparency_data:
        return image
    flat = Image.new(mode, image.size)
    for top in range(0, image.height, TILE):
        for left in range(0, image.width, TILE):
            box = (left, top, min(left + TILE, image.width), min(top + TILE, image.height))
            flat.paste(_flat_tile(image.crop(box), mode), box)
    return flat


def _flat_tile(image: Image.Image, mode: str) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits of grey, which Pillow would cut at 255
        return Image.fromarray((np.asarray(image) >> 8).clip(0, 255).astype(np.uint8)).convert(mode)
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)
    return image.convert(mode)


def _middle(image: Image.Image, form: Format) -> tuple[float, float, float, float]:
    """The largest centred box of the wanted aspect ratio: left, upper, right, lower."""
    scale = min(image.width / form.width, image.height / form.height)
    width, height = form.width * scale, form.height * scale
    left, upper = (image.width - width) / 2, (image.height - height) / 2
    return (left, upper, min(left + width, image.width), min(upper + height, image.height))


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    return "no image that can be read" if "cannot identify" in text else (text or type(error).__name__)[:80]
