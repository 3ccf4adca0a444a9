"""The report of images that go by in chunks, such as those to be scored: nothing but counts is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from vae.config import USUAL_READING, ImageReading
from vae.data import reading_choice
from vae.data.image_decoding import Format, ImageFacts
from vae.data.report import pixel_warnings
from vae.data.report.changes import Changes
from vae.data.report.image_report import ImageReport, counted
from vae.data.report.left_out import LeftOut
from vae.data.report.warning import Warned

AS_TRAINED = ", as for the images that the model was trained on"
KEPT_FACTS = 100_000  # of images with an unusual file: the range of more is that of these


class SourceTally:
    """Adds up what became of files; `left_out` begins with what was left out before any was read."""

    def __init__(self, form: Format, reading: ImageReading = USUAL_READING, left_out: LeftOut | None = None) -> None:
        self._form, self._reading = form, reading
        self._left_out = left_out.copy() if left_out else LeftOut()
        self._changes = Changes(form)
        self._odd: list[ImageFacts] = []  # transparent, or of more than 8 bits
        self._histogram = np.zeros(256, np.int64)
        self._labels: dict[int, int] = {}
        self._taken = 0

    def add(
        self, pixels: NDArray[np.uint8], facts: Sequence[ImageFacts], labels: NDArray[np.int64] | None = None
    ) -> None:
        """Images (n, C, H, W) that were taken, and what they were."""
        self._taken += len(pixels)
        self._changes.add_all(facts)
        odd = [one for one in facts if one.deep or one.filled]
        self._odd += odd[: max(0, KEPT_FACTS - len(self._odd))]
        self._histogram += np.bincount(pixels.ravel(), minlength=256)
        for label in () if labels is None else labels.tolist():
            self._labels[label] = self._labels.get(label, 0) + 1

    @property
    def left_out(self) -> int:
        """How many files were not taken."""
        return self._left_out.count

    def leave_out(self, why: str, name: str) -> None:
        """A file that can't be read."""
        self._left_out.add(why, name)

    def report(
        self, class_names: Sequence[str] = (), classes_from: str = "", warnings: Iterable[Warned] = ()
    ) -> ImageReport:
        """So far; `class_names` are those that labels number."""
        classes = {name: {"": self._labels.get(label, 0)} for label, name in enumerate(class_names)}
        if class_names and -1 in self._labels:
            classes["(no class)"] = {"": self._labels[-1]}
        deep = any(one.deep for one in self._odd)
        dark = pixel_warnings.brightness(self._histogram) if self._taken else []
        return ImageReport(
            seen=self._taken + self._left_out.count,
            taken=self._taken,
            left_out=self._left_out.reasons(),
            classes=counted(classes),
            classes_from=classes_from,
            values=reading_choice.told_values(self._odd, self._reading, AS_TRAINED) if deep else "",
            background=reading_choice.told_background(self._odd, self._reading, AS_TRAINED),
            changes=self._changes.told(),
            warnings=tuple(replace(found, remedy="") for found in (*warnings, *dark)),  # these are an import's
        )
