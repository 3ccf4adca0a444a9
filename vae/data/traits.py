"""What a training's settings depend on: how many images there are, how large, of what kind. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from vae.data import datasets
from vae.errors import DatasetError

LOOKED_AT = 256  # training images: enough to tell drawings from photographs
DARK, BRIGHT = 26, 229  # a tenth of the range at either end
TWO_TONE_SHARE = 0.7  # of pixels that are dark or bright; handwriting has 0.8 to 0.9, photographs below 0.4


@dataclass(frozen=True)
class Traits:
    """What is known of a data set's training images.

    `image_shape` is (C, H, W). `two_tone`: nearly all pixels are nearly black or nearly white, as in handwriting.
    """

    train_images: int
    image_shape: tuple[int, int, int]
    two_tone: bool

    @property
    def colour(self) -> bool:
        return self.image_shape[0] > 1


def traits(dataset: str, classes: Sequence[str] = ()) -> Traits:
    """The traits of a data set, or of some of its classes, whose images are taken to be equally many.

    Raises DatasetError for an unknown one. A damaged one isn't two-tone: whoever trains on it says what is wrong.
    """
    known = datasets.info(dataset)
    share = len(classes) / len(known.class_names) if classes else 1.0
    images = max(1, round(known.counts["train"] * min(1.0, share)))
    grey = known.image_shape[0] == 1  # of the built-in sets the grey ones are handwriting
    two_tone = grey if datasets.is_built_in(dataset) else _looks_two_tone(dataset, known.changed())
    return Traits(images, known.image_shape, two_tone)


def _looks_two_tone(dataset: str, changed: int) -> bool:
    try:
        return _two_tone(dataset, changed)
    except DatasetError:
        return False


@lru_cache(maxsize=64)
def _two_tone(dataset: str, changed: int) -> bool:
    """Of an imported set, whose pixels are a memory map: a few are read. `changed` tells replaced files apart."""
    images = datasets.load(dataset, "train").images
    some = images[:: max(1, len(images) // LOOKED_AT)][:LOOKED_AT]
    return bool(np.mean((some <= DARK) | (some >= BRIGHT)) >= TWO_TONE_SHARE)
