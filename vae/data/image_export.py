"""Pictures into files: sheets, animations and archives. numpy and Pillow."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vae.errors import GenerationError

Pixels = NDArray[np.uint8]
BACKGROUND = 255
MAX_SHEET_PIXELS = 100_000_000
MAX_GIF_PIXELS = 200_000_000
GIF_SIDE = 196  # pixels: 28 × 7
TILE_SIDE = 28  # of a picture in a sheet that a command writes, or more
ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # the same pictures give the same bytes


def sheet(images: Pixels, columns: int | None = None, gap: int = 2) -> Pixels:
    """Images (N, C, H, W) row by row on white, as one picture (height, width, 3). None: about as wide as high.

    Raises
    ------
    GenerationError
        For no images, and a sheet of more than 100 million pixels.
    """
    count, _, height, width = _checked(images).shape
    columns = columns or min(count, math.ceil(math.sqrt(count * height / width)))
    rows = -(-count // columns)
    size = rows * (height + gap) - gap, columns * (width + gap) - gap
    if size[0] * size[1] > MAX_SHEET_PIXELS:
        raise GenerationError(
            f"A sheet of {count:,} pictures has {size[1]:,} × {size[0]:,} pixels, more than {MAX_SHEET_PIXELS:,}.",
            "Ask for fewer, or for separate files (.zip or .npz).",
        )
    picture = np.full((*size, 3), BACKGROUND, np.uint8)
    for k, image in enumerate(images):
        top, left = k // columns * (height + gap), k % columns * (width + gap)
        picture[top : top + height, left : left + width] = _rgb(image)
    return picture


def scaled(picture: Pixels, factor: int) -> Pixels:
    """Each pixel of (H, W, …) as a square of factor × factor."""
    return picture.repeat(factor, 0).repeat(factor, 1)


def enlarged(images: Pixels, side: int) -> Pixels:
    """Images (N, C, H, W), each pixel a square of pixels, so that the longer side has `side` pixels or more."""
    return scaled_images(images, _factor(images, side))


def scaled_images(images: Pixels, factor: int) -> Pixels:
    """Each pixel of images (N, C, H, W) as a square of factor × factor."""
    return images.repeat(factor, 2).repeat(factor, 3)


def png(picture: Pixels) -> bytes:
    """A picture (H, W, 3), or grey (H, W), as a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()


def gif(images: Pixels, frames_per_second: float = 12, scale: int | None = None, there_and_back: bool = True) -> bytes:
    """Images (N, C, H, W) as a GIF that repeats for ever; None scales the longer side to 196 pixels or more.

    Grey is exact; colour is reduced to 256 colours a frame. There and back, the ends are shown once a round.
    """
    if not math.isfinite(frames_per_second) or not 1 <= frames_per_second <= 50:
        raise GenerationError(f"The GIF has {frames_per_second:g} frames a second, expected 1 to 50.")
    count, _, height, width = _checked(images).shape
    scale = scale or _factor(images, GIF_SIDE)
    if count * height * width * scale**2 > MAX_GIF_PIXELS:
        raise GenerationError(
            f"A GIF of {count:,} pictures has more than {MAX_GIF_PIXELS:,} pixels.",
            "Take fewer steps, or a sheet (.png).",
        )
    stills = [_still(scaled(_own(image), scale)) for image in images]
    if there_and_back:
        stills += stills[-2:0:-1]
    buffer = io.BytesIO()
    duration = round(100 / frames_per_second) * 10  # ms; GIF counts hundredths of a second
    stills[0].save(buffer, "GIF", save_all=True, append_images=stills[1:], duration=duration, loop=0)
    return buffer.getvalue()


def zip_of_pngs(images: Pixels, names: Sequence[str]) -> bytes:
    """Each of the images (N, C, H, W) as a PNG of its own pixels under its name, in one ZIP file."""
    _checked(images)
    plain = all(name and not set(name) & set("/\\:\0") and name.strip(".") for name in names)
    if len(names) != len(images) or len(set(names)) != len(names) or not plain:
        raise GenerationError(f"{len(images):,} pictures have {len(names):,} names, expected one plain name each.")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:  # stored: a PNG is compressed already
        for name, image in zip(names, images, strict=True):
            file.writestr(zipfile.ZipInfo(name, ZIP_DATE), png(_own(image)))
    return buffer.getvalue()


def npz(images: Pixels, z: NDArray[np.floating], **arrays: NDArray[Any]) -> bytes:
    """images, z and other arrays as a compressed .npz file that opens without pickle."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, images=images, z=z, **arrays)
    return buffer.getvalue()


def _factor(images: Pixels, side: int) -> int:
    longer: int = max(images.shape[2:])
    return max(1, -(-side // longer))


def _still(picture: Pixels) -> Image.Image:
    still = Image.fromarray(picture)
    return still if picture.ndim == 2 else still.quantize(256)


def _own(image: Pixels) -> Pixels:
    """An image (C, H, W) as colour (H, W, 3) or grey (H, W). Neither, such as 2 channels, is shown as their mean."""
    if len(image) == 3:
        return np.ascontiguousarray(image.transpose(1, 2, 0))
    grey: Pixels = image[0] if len(image) == 1 else image.mean(0).round().astype(np.uint8)
    return grey


def _rgb(image: Pixels) -> Pixels:
    """The same as (H, W, 3), or (H, W, 1), which fills three channels."""
    picture = _own(image)
    return picture if picture.ndim == 3 else picture[..., None]


def _checked(images: Pixels) -> Pixels:
    if images.ndim != 4 or images.dtype != np.uint8 or not images.size:
        raise GenerationError(f"The pictures are {images.shape} of {images.dtype}, expected uint8 (N, C, H, W).")
    return images
