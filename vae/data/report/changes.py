"""What was done to images so that they are alike: counted, and told in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from vae.data.report.left_out import Count
from vae.storage.schema import text

if TYPE_CHECKING:  # Pillow takes 0.07 s to load, and Explore's first view reads a report's class alone
    from vae.data.image_decoding import Format, ImageFacts


@dataclass(frozen=True)
class Change:
    """What was done, in words that follow a number of images, and how often."""

    what: Annotated[str, text(1_000)]
    count: Count

    def __str__(self) -> str:
        return f"{self.count:,} {self.what}"


class Changes:
    """A tally of what the images of one source needed."""

    def __init__(self, form: Format) -> None:
        self.form = form
        self._counts: dict[str, int] = {}

    def add(self, facts: ImageFacts) -> None:
        """One more image that is taken."""
        for what in self._of(facts):
            self._counts[what] = self._counts.get(what, 0) + 1

    def add_all(self, every: Iterable[ImageFacts]) -> None:
        for facts in every:
            self.add(facts)

    def told(self) -> tuple[Change, ...]:
        """The most frequent first."""
        return tuple(Change(what, count) for what, count in sorted(self._counts.items(), key=lambda item: -item[1]))

    def _of(self, facts: ImageFacts) -> list[str]:
        size = f"{self.form.width} × {self.form.height}"
        tests = {
            f"resized to {size} pixels": facts.size != (self.form.width, self.form.height),
            "cut to their middle": facts.cropped,
            "padded at two sides, with nothing cut off": facts.padded,
            "smaller than that, so enlarged": facts.enlarged,
            "turned upright, as their EXIF says": facts.turned,
            "made grey": facts.coloured and not self.form.colour,
            "put on a background where they were transparent": facts.filled,
            "with more than 8 bits a value made 8": facts.deep,
            "of several pages or frames: the first is taken": facts.several,
        }
        return [what for what, done in tests.items() if done]
