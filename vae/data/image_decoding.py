"""Image files of unknown origin and size as pixels of a shape that is wanted, with Pillow. Imports no torch."""

from __future__ import annotations

import contextlib
import io
import threading
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from vae.errors import DatasetError, StorageError
from vae.storage import door, kinds

Pixels = NDArray[np.uint8]
Shape = tuple[int, int, int]

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")  # told by their first bytes, whatever the file is called
MAX_CONTENT_BYTES = 20 * 2**20  # of a file that is in memory
MAX_PIXELS = 100_000_000
LARGE_PIXELS = 16_000_000  # a picture of more is decoded alone: at the limit it takes 0.8 GB, a WebP 1.6
TILE = 1_024  # pixels, the side of what is flattened at a time
BLOCK_BYTES = 64 * 2**20  # glibc gives more than 32 MB back at once; of smaller blocks each thread hoards its own
COLOUR_LEVELS = 4  # channels that differ by no more are grey: JPEG rounds
WORKERS = 4  # threads: Pillow lets go of Python's lock while it decodes

_one_large = threading.Lock()
Image.core.set_block_size(BLOCK_BYTES)  # type: ignore[attr-defined] # in which Pillow keeps large pictures


@dataclass(frozen=True)
class Format:
    """What every image becomes."""

    height: int
    width: int
    colour: bool

    @property
    def shape(self) -> Shape:
        """(C, H, W): three channels for colour, one for grey."""
        return (3 if self.colour else 1, self.height, self.width)


def format_of(image_shape: Shape) -> Format:
    """What images become for a model. Raises DatasetError for one whose images are neither grey nor colour."""
    channels, height, width = image_shape
    if channels not in (1, 3):
        raise DatasetError(f"The images have {channels} channels, expected 1 or 3 to decode or resize them.")
    return Format(height, width, colour=channels == 3)


def check_resizable(*image_shapes: Shape) -> None:
    """Raise DatasetError unless images of each of these shapes are grey or colour."""
    for shape in image_shapes:
        format_of(shape)


@dataclass(frozen=True, eq=False)
class Decoded:
    """Pixels (C, H, W) and the (width, height) that the file had."""

    pixels: Pixels
    size: tuple[int, int]


def decode(file: Path | bytes, form: Format) -> Decoded:
    """The first frame of a file, given by path or content: upright, on white where it is transparent, its middle cut
    to the wanted aspect ratio, then resized.

    Raises DatasetError, with a few words as its message, for a file that is damaged, too large or no such image.
    """
    if isinstance(file, bytes):
        _check_bytes(len(file), MAX_CONTENT_BYTES)
        return _decode(io.BytesIO(file), form)
    try:
        with door.opened(file, kinds.IMAGE) as content:
            return _decode(content, form)
    except StorageError as error:
        raise DatasetError(error.message.removeprefix(f"{door.where(file)} ").rstrip(".")) from error


def decode_all(
    files: Sequence[Path | bytes], form: Format, on_image: Callable[[], None] = lambda: None
) -> list[Decoded | DatasetError]:
    """Each file, or what is wrong with it. `on_image` is called after each and may raise to stop."""

    def one(file: Path | bytes) -> Decoded | DatasetError:
        try:
            return decode(file, form)
        except DatasetError as error:
            return error

    found = []
    with warnings.catch_warnings(), ThreadPoolExecutor(WORKERS, "decode") as pool:
        warnings.simplefilter("ignore")  # Pillow's, about large or odd files: there are bounds of our own
        for image in pool.map(one, files):
            found.append(image)
            on_image()
    return found


def own_picture(content: bytes, image_shape: Shape) -> Pixels:
    """A person's own picture as a model of such images takes it, (C, H, W).

    Raises DatasetError for a file that is damaged, too large or no image, and for images neither grey nor colour.
    """
    form = format_of(image_shape)
    try:
        return decode(content, form).pixels
    except DatasetError as error:
        raise DatasetError(
            f"The picture can't be used: {error.message}.", f"Expected one of {', '.join(FORMATS)}."
        ) from error


def fitted(images: Pixels, image_shape: Shape) -> Pixels:
    """Images (n, C, H, W) with their middle cut out and resized, as it is done with files."""
    form = format_of(image_shape)
    found = np.empty((len(images), *form.shape), np.uint8)
    for k, pixels in enumerate(images):
        picture = Image.fromarray(pixels[0] if len(pixels) == 1 else np.ascontiguousarray(pixels.transpose(1, 2, 0)))
        found[k] = _fit(picture.convert(_mode(form)), form)
    return found


def has_colour(image: Pixels) -> bool:
    """Whether the three channels of (3, H, W) differ anywhere."""
    return bool(np.ptp(image, axis=0).max() > COLOUR_LEVELS)


def _check_bytes(found: int, most: int) -> None:
    if found > most:
        raise DatasetError(f"{found / 1e6:,.0f} MB, more than {most / 1e6:,.0f}")


def _decode(source: BinaryIO, form: Format) -> Decoded:
    try:
        with Image.open(source, formats=FORMATS) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise DatasetError(f"{width} × {height} pixels, more than {MAX_PIXELS:,}")
            with _alone(width * height):
                return Decoded(_pixels(image, form), (width, height))
    except DatasetError:
        raise
    except Exception as error:  # what hostile files make a decoder raise has no common parent
        raise DatasetError(_reason(error)) from error


def _alone(pixels: int) -> AbstractContextManager[object]:
    """What to hold while a picture of so many pixels is decoded: threads take turns with large ones."""
    return _one_large if pixels > LARGE_PIXELS else contextlib.nullcontext()


def _pixels(image: Image.Image, form: Format) -> Pixels:
    # a large JPEG is decoded at a half, a quarter or an eighth where that is still twice the wanted size
    scale = 2 * max(form.width, form.height) / min(image.size)
    if scale < 1:
        image.draft(None, (int(image.width * scale) + 1, int(image.height * scale) + 1))
    ImageOps.exif_transpose(image, in_place=True)  # without a second copy
    return _fit(_flat(image, _mode(form)), form)


def _mode(form: Format) -> str:
    return "RGB" if form.colour else "L"


def _fit(image: Image.Image, form: Format) -> Pixels:
    """The middle of an image in the format's mode, resized: (C, H, W)."""
    small = ImageOps.fit(image, (form.width, form.height), Image.Resampling.LANCZOS)
    pixels = np.array(small, np.uint8).reshape(form.height, form.width, form.shape[0])
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))


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


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    return "no image that can be read" if "cannot identify" in text else (text or type(error).__name__)[:80]
