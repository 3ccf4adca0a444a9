"""What became of the images of a folder, a data set or an upload: what was taken, left out and changed, and what looks
odd. The same for an import, for what is scored and for a picture of one's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from msgspec import Meta

from vae.data.report.changes import Change
from vae.data.report.left_out import Count, Reason
from vae.data.report.warning import Warned
from vae.storage.schema import text

MOST_LISTED = 12  # classes, in words
Words = Annotated[str, text(2_000)]


@dataclass(frozen=True)
class ClassCount:
    """How many images of a class each split has, "" standing for images that are in none."""

    name: Annotated[str, text(1_000)]
    counts: dict[str, Count]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True)
class ImageReport:
    """One look at many files.

    Attributes
    ----------
    seen
        Files and folders that were looked at: those that were taken and those that were left out.
    taken
        Images that were read.
    left_out
        Each reason, counted.
    classes, classes_from
        The classes with their images in each split, and where they come from.
    splits, splits_from
        Images of each split, nothing where there are none, and where they come from.
    channels, values
        Whether grey or colour and why; which values became black and white.
    background
        What was put behind transparent pixels, empty where nothing was.
    changes
        What was done to images.
    warnings
        What somebody would want to know.
    """

    seen: Count
    taken: Count
    left_out: Annotated[tuple[Reason, ...], Meta(max_length=1_000)] = ()
    classes: Annotated[tuple[ClassCount, ...], Meta(max_length=10_000)] = ()
    classes_from: Words = ""
    splits: dict[str, Count] = field(default_factory=dict)
    splits_from: Words = ""
    channels: Words = ""
    values: Words = ""
    background: Words = ""
    changes: Annotated[tuple[Change, ...], Meta(max_length=1_000)] = ()
    warnings: Annotated[tuple[Warned, ...], Meta(max_length=1_000)] = ()

    def lines(self) -> list[str]:
        """In words, one line for each matter; warnings come last."""
        left = self.seen - self.taken
        said = [f"Seen {self.seen:,} files: {self.taken:,} taken, {left:,} left out."]
        said += [f"Left out {reason}." for reason in self.left_out]
        if self.classes:
            said.append(_classes(self.classes, self.classes_from))
        if self.splits:
            said.append(f"Splits, from {self.splits_from}: {_splits(self.splits)}.")
        said += [text for text in (self.channels, self.values, self.background) if text]
        if self.changes:
            said.append(f"Changed: {'; '.join(map(str, self.changes))}.")
        return said + [f"Note: {warned}" for warned in self.warnings]


def counted(counts: Mapping[str, Mapping[str, int]]) -> tuple[ClassCount, ...]:
    """The classes of a mapping from names to counts of splits."""
    return tuple(ClassCount(name, dict(of)) for name, of in counts.items())


def _classes(classes: tuple[ClassCount, ...], come_from: str) -> str:
    if come_from.startswith("none"):
        return f"No classes{come_from.removeprefix('none')}."
    shown = [f"{one.name} {one.total:,}" for one in classes[:MOST_LISTED]]
    more = len(classes) - len(shown)
    return f"Classes, {come_from}: {len(classes):,} ({', '.join(shown)}{f' and {more:,} more' if more else ''})."


def _splits(splits: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in splits.items())
