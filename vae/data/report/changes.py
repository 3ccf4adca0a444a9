"""What was done to images so that they are alike: counted, and told in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import attrgetter
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
        wanted = (form.width, form.height)
        self._tests: dict[str, Callable[[ImageFacts], bool]] = {
            f"resized to {form.width} × {form.height} pixels": lambda facts: facts.size != wanted,
            "cut to their middle": attrgetter("cropped"),
            "padded at two sides, with nothing cut off": attrgetter("padded"),
            "smaller than that, so enlarged": attrgetter("enlarged"),
            "turned upright, as their EXIF says": attrgetter("turned"),
            "made grey": lambda facts: facts.coloured and not form.colour,
            "put on a background where they were transparent": attrgetter("filled"),
            "with more than 8 bits a value made 8": attrgetter("deep"),
            "of several pages or frames: the first is taken": attrgetter("several"),
        }

    def add(self, facts: ImageFacts) -> None:
        """One more image that is taken."""
        for what, done in self._tests.items():
            if done(facts):
                self._counts[what] = self._counts.get(what, 0) + 1

    def add_all(self, every: Iterable[ImageFacts]) -> None:
        for facts in every:
            self.add(facts)

    def told(self) -> tuple[Change, ...]:
        """The most frequent first."""
        return tuple(Change(what, count) for what, count in sorted(self._counts.items(), key=lambda item: -item[1]))
