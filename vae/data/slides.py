"""Pictures as PNG files fit for a slide: at least 1,200 pixels wide, each pixel a sharp square, with captions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from vae.data import image_export

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Pixels = NDArray[np.uint8]

LEAST_WIDTH = 1_200  # pixels
MOST_PIXELS = 40_000_000  # of a sheet with few columns and very many rows: its pictures are smaller then
MARGIN, GAP = 40, 6
TITLE, LABEL = 30, 22  # font sizes, pixels
LONGEST_LABEL = 240  # pixels of a row's name
INK, PAPER = (24, 28, 32), (255, 255, 255)
FONTS = ("DejaVuSans.ttf", "LiberationSans-Regular.ttf", "Arial.ttf", "arial.ttf")  # of the system, where it has one
PLAIN = str.maketrans("−–…·×→‖", "--.,x>|")  # for Pillow's own font, which has little more than ASCII


@dataclass(frozen=True)
class Captions:
    """What stands above all pictures, before each row and above each column."""

    title: str
    rows: Sequence[str] = ()
    columns: Sequence[str] = ()


def png(images: Pixels, captions: Captions, columns: int | None = None) -> bytes:
    """Images (N, C, H, W) row by row on white; None: about as wide as high. Raises GenerationError for no images."""
    count, _, height, width = images.shape
    columns = columns or max(1, min(count, math.ceil(math.sqrt(count * height / max(1, width)))))
    factor = _factor(columns, -(-count // columns), height, width)
    sheet = image_export.sheet(image_export.scaled_images(images, factor), columns, GAP)
    left = MARGIN + _widest(captions.rows)
    top = MARGIN + (TITLE * 2 if captions.title else 0) + (LABEL + 12 if captions.columns else 0)
    size = max(LEAST_WIDTH, left + sheet.shape[1] + MARGIN), top + sheet.shape[0] + MARGIN
    picture = Image.new("RGB", size, PAPER)
    picture.paste(Image.fromarray(sheet), (left, top))
    draw = ImageDraw.Draw(picture)
    if captions.title:
        draw.text((MARGIN, MARGIN - 6), _fitting(captions.title, TITLE, size[0] - 2 * MARGIN), INK, _font(TITLE))
    across, down = width * factor + GAP, height * factor + GAP
    for i, name in enumerate(captions.rows[: -(-count // columns)]):
        middle = top + i * down + down // 2
        draw.text((MARGIN, middle), _fitting(name, LABEL, LONGEST_LABEL), INK, _font(LABEL), anchor="lm")
    every = _every(captions.columns[:columns], across)
    for j in range(0, min(columns, len(captions.columns)), every):
        at = left + j * across + (across - GAP) // 2
        draw.text((at, top - 8), _fitting(captions.columns[j], LABEL, every * across), INK, _font(LABEL), anchor="ms")
    return image_export.png(np.asarray(picture))


def _factor(columns: int, rows: int, height: int, width: int) -> int:
    """How many pixels of the sheet a picture's pixel is wide."""
    wanted = math.ceil((LEAST_WIDTH / columns - GAP) / width)
    most = math.floor(math.sqrt(MOST_PIXELS / (rows * columns * height * width)))
    return max(1, min(wanted, most))


@cache
def _font(size: int) -> Font:
    for name in FONTS:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)


def _width(text: str, size: int) -> float:
    return float(_font(size).getlength(text))


def _widest(names: Sequence[str]) -> int:
    return min(LONGEST_LABEL, max((math.ceil(_width(_drawn(name), LABEL)) for name in names), default=0)) + (
        16 if names else 0
    )


def _drawn(text: str) -> str:
    """`text` in characters that the font has."""
    font = _font(LABEL)
    if isinstance(font, ImageFont.FreeTypeFont) and font.getname()[0] != "Aileron":
        return text
    return text.translate(PLAIN).encode("ascii", "replace").decode()


def _fitting(text: str, size: int, room: int) -> str:
    """As much of `text` as there is room for."""
    text = _drawn(text)
    if _width(text, size) <= room:
        return text
    while text and _width(text + "...", size) > room:
        text = text[:-1]
    return text + "..."


def _every(names: Sequence[str], across: int) -> int:
    """Which columns get their names where these are wider than a picture: every 1st, 2nd, …"""
    widest = max((_width(_drawn(name), LABEL) for name in names), default=0)
    return max(1, math.ceil((widest + 8) / across))
