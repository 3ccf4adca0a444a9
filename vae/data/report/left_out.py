"""Files that were not taken: each reason counted, its first names told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from vae.data.folders.image_names import natural
from vae.storage.printing import visible
from vae.storage.schema import integer, text

NAMED = 5  # of each reason
KEPT = 200  # names, before all but the first are forgotten
MOST_REASONS = 100  # each of its own: a damaged file may give a reason that no other has
OTHERS = "for other reasons"
Count = Annotated[int, integer(0, 10**12)]


@dataclass(frozen=True)
class Reason:
    """Why files were left out, how many, and the first of them by name, printable."""

    why: Annotated[str, text(1_000)]
    count: Count
    first: tuple[Annotated[str, text(10_000)], ...]

    def __str__(self) -> str:
        more = ", …" if self.count > len(self.first) else ""
        return f"{self.count:,} ({self.why}): {', '.join(self.first)}{more}"


class LeftOut:
    """A tally that is added to as files go by."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._names: dict[str, list[str]] = {}

    def add(self, why: str, name: str) -> None:
        """One more file (or folder) by its relative path."""
        if why not in self._counts and len(self._counts) >= MOST_REASONS:
            why = OTHERS
        self._counts[why] = self._counts.get(why, 0) + 1
        names = self._names.setdefault(why, [])
        names.append(name)
        if len(names) > KEPT:
            names[:] = sorted(names, key=natural)[:NAMED]

    def add_all(self, why: str, names: Iterable[str]) -> None:
        for name in names:
            self.add(why, name)

    @property
    def count(self) -> int:
        return sum(self._counts.values())

    def copy(self) -> LeftOut:
        """Another tally, which begins with what this one has."""
        found = LeftOut()
        found._counts, found._names = dict(self._counts), {why: list(names) for why, names in self._names.items()}
        return found

    def reasons(self) -> tuple[Reason, ...]:
        """The most frequent first."""
        whys = sorted(self._counts, key=lambda why: (-self._counts[why], why))
        first = {why: sorted(self._names[why], key=natural)[:NAMED] for why in whys}
        return tuple(Reason(visible(why), self._counts[why], tuple(map(visible, first[why]))) for why in whys)
