"""What becomes of a few image files in a row."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vae.config import ImageReading
from vae.data.image_decoding import Format, ImageFacts, Pixels, decode
from vae.errors import DatasetError

File = str | bytes | DatasetError  # a path, a content, or what was wrong with it before it was decoded


@dataclass(frozen=True, eq=False)
class DecodedPart:
    """Images of files that follow each other.

    Attributes
    ----------
    pixels
        (n, C, H, W) of those that could be read.
    outcomes
        Of each file what its image was, or in a few words what is wrong with it.
    """

    pixels: Pixels
    outcomes: list[ImageFacts | str]


def decoded_here(
    files: Sequence[File], form: Format, reading: ImageReading, stopped: threading.Event | None = None
) -> DecodedPart:
    """Decode files one after the other; once `stopped` is set the rest is left."""
    pixels = np.empty((len(files), *form.shape), np.uint8)
    outcomes: list[ImageFacts | str] = []
    read = 0
    for file in files:
        if stopped is not None and stopped.is_set():
            break
        try:
            if isinstance(file, DatasetError):
                raise file
            image = decode(file, form, reading)
        except DatasetError as error:
            outcomes.append(error.message)
            continue
        pixels[read] = image.pixels
        outcomes.append(image.facts)
        read += 1
    return DecodedPart(pixels[:read], outcomes)
