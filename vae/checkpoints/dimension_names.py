"""What people call the latent dimensions of a model, and what they noted of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from vae.errors import CheckpointError
from vae.storage.printing import is_visible
from vae.storage.schema import integer, text

LONGEST_NAME, LONGEST_NOTE = 40, 400
MOST = 65_536  # dimensions


@dataclass(frozen=True)
class DimensionName:
    """The name of one dimension, and a note of what it does; either may be empty."""

    index: Annotated[int, integer(0, MOST - 1)]
    name: Annotated[str, text(LONGEST_NAME)] = ""
    note: Annotated[str, text(LONGEST_NOTE)] = ""


@dataclass(frozen=True)
class DimensionNames:
    """Those dimensions that have a name or a note, by index."""

    entries: tuple[DimensionName, ...] = ()

    def of(self, index: int) -> DimensionName:
        """What is known of a dimension: nothing of most."""
        return next((entry for entry in self.entries if entry.index == index), DimensionName(index))

    def label(self, index: int) -> str:
        """`z4`, or `z4 slant` where it has a name."""
        return f"z{index} {self.of(index).name}".strip()

    def with_entry(self, entry: DimensionName) -> DimensionNames:
        """The same with this one, which stands for nothing where it is empty."""
        others = [one for one in self.entries if one.index != entry.index]
        return DimensionNames(_sorted([*others, *([entry] if entry.name or entry.note else [])]))


NONE = DimensionNames()


def checked(entry: DimensionName, latent_dim: int) -> DimensionName:
    """The entry without spaces around its texts.

    Raises CheckpointError for a dimension that there is not, for a text that is too long, and for one that would not
    show, or turn the line around.
    """
    if not 0 <= entry.index < latent_dim:
        raise CheckpointError(f"There is no dimension {entry.index}, expected one from 0 to {latent_dim - 1:,}.")
    found = DimensionName(entry.index, entry.name.strip(), " ".join(entry.note.split()))
    for what, said, longest in (("name", found.name, LONGEST_NAME), ("note", found.note, LONGEST_NOTE)):
        if len(said) > longest or not is_visible(said):
            raise CheckpointError(
                f"The {what} of z{entry.index} is {said[:longest]!r}.", f"Give it up to {longest} printable characters."
            )
    return found


def collected(entries: Iterable[DimensionName], latent_dim: int) -> DimensionNames:
    """Entries as one. Raises CheckpointError for one that is wrong (`checked`), and for two of one dimension."""
    found = [checked(entry, latent_dim) for entry in entries]
    if len({entry.index for entry in found}) < len(found):
        raise CheckpointError("A dimension has two names, expected one.")
    return DimensionNames(_sorted([entry for entry in found if entry.name or entry.note]))


def _sorted(entries: list[DimensionName]) -> tuple[DimensionName, ...]:
    return tuple(sorted(entries, key=lambda entry: entry.index))
