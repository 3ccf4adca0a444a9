"""Places in a model's latent space to which people have given names."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from vae.checkpoints import dimension_names
from vae.errors import CheckpointError
from vae.storage.printing import is_visible
from vae.storage.schema import integer, text

LONGEST_NAME = 40  # characters
MOST = 50  # of a model: more names would cover its map
FARTHEST = 1e6  # of a coordinate: no image's mean of any use lies beyond
NEAR = 5e-4  # in each coordinate: links carry four decimals
MOST_ROW = 2**40


@dataclass(frozen=True)
class NamedPlace:
    """A latent vector z (d,) with a name, and the row of the image that was selected there, None for none."""

    name: Annotated[str, text(LONGEST_NAME)]
    z: Annotated[tuple[float, ...], Meta(max_length=dimension_names.MOST)]
    row: Annotated[int, integer(0, MOST_ROW)] | None = None

    def is_at(self, z: Iterable[float]) -> bool:
        """Whether a vector (d,) is this place's."""
        return all(abs(a - b) < NEAR for a, b in zip(self.z, z, strict=True))


@dataclass(frozen=True)
class NamedPlaces:
    """Those of one model, the newest last; no two have one name."""

    entries: tuple[NamedPlace, ...] = ()

    def of(self, name: str) -> NamedPlace | None:
        """The place of this name."""
        return next((place for place in self.entries if place.name == name), None)

    def at(self, z: Iterable[float]) -> NamedPlace | None:
        """The newest place with this latent vector (d,)."""
        there = list(z)
        return next((place for place in reversed(self.entries) if place.is_at(there)), None)

    def with_place(self, place: NamedPlace) -> NamedPlaces:
        """The same with this one, in the stead of one of the same name. Raises CheckpointError for too many."""
        others = self.without(place.name).entries
        if len(others) >= MOST:
            raise CheckpointError(
                f"This model has {len(others)} named places already, expected at most {MOST}.", "Delete one first."
            )
        return NamedPlaces((*others, place))

    def without(self, name: str) -> NamedPlaces:
        """The same without the place of this name."""
        return NamedPlaces(tuple(place for place in self.entries if place.name != name))


NONE = NamedPlaces()


def checked(place: NamedPlace, latent_dim: int) -> NamedPlace:
    """The place with a name of single spaces, and four decimals.

    Raises CheckpointError for a name that is empty, too long, or would not show, and for a vector of another latent
    space.
    """
    name = checked_name(place.name)
    if len(place.z) != latent_dim or not all(math.isfinite(v) and abs(v) <= FARTHEST for v in place.z):
        raise CheckpointError(
            f"The place {name!r} has {len(place.z):,} coordinates, expected {latent_dim:,} finite numbers."
        )
    return NamedPlace(name, tuple(round(v, 4) for v in place.z), place.row)


def checked_name(name: str) -> str:
    """The name with single spaces. Raises CheckpointError as `checked` does."""
    found = " ".join(name.split())
    if not found or len(found) > LONGEST_NAME or not is_visible(found):
        raise CheckpointError(
            f"A place can't be called {found[:LONGEST_NAME]!r}.", f"Give it 1 to {LONGEST_NAME} printable characters."
        )
    return found


def collected(places: Iterable[NamedPlace], latent_dim: int) -> NamedPlaces:
    """Places as those of one model. Raises CheckpointError for one that is wrong, and for two of one name."""
    found = tuple(checked(place, latent_dim) for place in places)
    if len({place.name for place in found}) < len(found):
        raise CheckpointError("Two places have one name, expected one each.")
    return NamedPlaces(found)
