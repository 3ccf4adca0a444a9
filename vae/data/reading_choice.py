"""How a set's files are read where its own images decide: the range of values, and the background."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PIL import ImageColor

from vae.config import BLACK, WHITE, ImageReading
from vae.data.image_decoding import FULL, ImageFacts
from vae.errors import ConfigError

AUTO, FULL_RANGE = "auto", "full"
BRIGHT = 200.0  # mean brightness, 0 to 255, of what can be seen: on white it would vanish
RANGE = re.compile(r"(-?\d{1,12}(?:\.\d{1,12})?):(-?\d{1,12}(?:\.\d{1,12})?)", re.ASCII)


@dataclass(frozen=True)
class ReadingChoice:
    """What a person wants: `background` a colour's name, #rrggbb or auto, `values` auto, full or MIN:MAX, `fit` as
    ImageReading has it.

    Raises ConfigError for anything else.
    """

    background: str = AUTO
    values: str = AUTO
    fit: Literal["cut", "pad"] = "cut"

    def __post_init__(self) -> None:
        self.first()

    def first(self) -> ImageReading:
        """What is known before any image is read."""
        return ImageReading(self._background() or WHITE, self._values(), self.fit)

    def of(self, facts: Sequence[ImageFacts]) -> ImageReading:
        """With what is left to the images."""
        background = self._background() or background_of(facts)
        return ImageReading(background, self._values() or self._of_images(facts), self.fit)

    def _of_images(self, facts: Sequence[ImageFacts]) -> tuple[float, float] | None:
        return None if self.values == FULL_RANGE else values_of(facts)

    def _background(self) -> str | None:
        if self.background == AUTO:
            return None
        try:
            red, green, blue = ImageColor.getrgb(self.background[:40])[:3]
        except ValueError as error:
            raise ConfigError(
                f"The background is {self.background!r:.40}, expected a colour.",
                "white, black and #336699 are colours.",
            ) from error
        return f"#{red:02x}{green:02x}{blue:02x}"

    def _values(self) -> tuple[float, float] | None:
        if self.values in (AUTO, FULL_RANGE):
            return None
        found = RANGE.fullmatch(self.values.strip())
        if not found or not float(found[1]) < float(found[2]):
            raise ConfigError(
                f"The range is {self.values!r:.40}, expected auto, full or MIN:MAX.",
                "0:4095 is the range of 12 bits; the smaller number comes first.",
            )
        return float(found[1]), float(found[2])


def values_of(facts: Sequence[ImageFacts]) -> tuple[float, float] | None:
    """The lowest and the highest value of images with more than 8 bits; None where there are none, or they are equal.

    Beside images of 8 bits the range begins at 0 and ends where a whole number of bits does, so that black is black and
    white is white in all of them.
    """
    deep = [one for one in facts if one.deep]
    if not deep:
        return None
    low, high = min(one.low for one in deep), max(one.high for one in deep)
    if len(deep) < len(facts) and low >= 0 and 1 < high <= FULL[1]:
        return 0.0, float(2 ** max(8, math.ceil(math.log2(high + 1))) - 1)
    return (low, high) if low < high else None


def background_of(facts: Sequence[ImageFacts]) -> str:
    """White, unless what can be seen of most transparent images is nearly white itself."""
    filled = [one.visible for one in facts if one.filled and not math.isnan(one.visible)]
    bright = sum(visible >= BRIGHT for visible in filled)
    return BLACK if 2 * bright > len(filled) else WHITE


def told_values(facts: Sequence[ImageFacts], reading: ImageReading, why: str = "") -> str:
    """What to say of the range, for images of more than 8 bits or where somebody chose it; else empty.

    `why` it is so ends the sentence.
    """
    deep = sum(one.deep for one in facts)
    if reading.values is None:
        whole = f"all that 16 bits hold, 0 to {FULL[1]:,.0f}"
        if any(one.fractions or not 0 <= one.low <= one.high <= FULL[1] for one in facts if one.deep):
            whole += ", or what other kinds of numbers have (0 to 1 or 255, or each image's own)"
        return f"Range: {whole}, from black to white in {deep:,} images{why}." if deep else ""
    low, high = (f"{value:,.6g}" for value in reading.values)
    which = f" in {deep:,} images with more than 8 bits a value" if deep else ""
    return f"Range: values from {low} to {high} become black to white{which}{why}."


def told_background(facts: Sequence[ImageFacts], reading: ImageReading, why: str = "") -> str:
    """What was put behind transparent pixels; empty where nothing was transparent. `why` ends the sentence."""
    filled = sum(one.filled for one in facts)
    if not filled:
        return ""
    names = {WHITE: "white", BLACK: "black"}
    name = names.get(reading.background, reading.background)
    images = "image" if filled == 1 else "images"
    return f"Background: {name} behind {filled:,} transparent {images}{why}."


USUAL_CHOICE = ReadingChoice()
