"""What points can be coloured by, and the colours' meaning for each image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ui.explore.colouring import table
from ui.explore.comparing import other
from ui.explore.map_words import COLOURS
from ui.explore.selection import tags
from ui.explore.shown_images import OnMap
from ui.explore.state import BESIDE, STATE
from ui.palette import CLASS_COLOURS, UNKNOWN
from ui.shared.figures import Groups
from vae.checkpoints import metrics
from vae.checkpoints.checkpoint import FloatArray
from vae.checkpoints.dimension_names import DimensionNames

if TYPE_CHECKING:
    from vae.data.tables.image_columns import ImageColumn

TAG = "tag"
LATENT = "z"  # before a dimension's number
COLUMN = "column:"  # before a column's name
SPLIT_COLOURS = (
    0,
    1,
    6,
)  # of the classes' colours, in the order of every_image.SPLITS: the many training images are grey


@dataclass(frozen=True)
class Values:
    """A number of each image (N,), NaN of those without one, and what it is."""

    values: FloatArray
    title: str


def offered(on_map: OnMap) -> list[str]:
    """The names of the colourings that there are; the most telling latent dimensions first."""
    lacking = {*([] if on_map.every else ["split"]), *([] if tags.of(on_map) else [TAG])}
    lacking |= set() if STATE.text(BESIDE) else {BESIDE}
    lacking |= set() if metrics.has_kl(on_map.checkpoint) else {"kl", "elbo"}
    every = [name for name in COLOURS if name not in lacking]
    order = metrics.most_telling_first(on_map.checkpoint)
    added = table.of(on_map)
    columns = [] if added is None else [f"{COLUMN}{column.name}" for column in added.columns]
    return [*every, *columns, *(f"{LATENT}{j}" for j in order)]


def short_title(name: str, dimensions: DimensionNames) -> str:
    """What a colouring is called in a list of them."""
    index = _dimension(name)
    return COLOURS.get(name) or (name.removeprefix(COLUMN) if index is None else dimensions.label(index))


def title(name: str, dimensions: DimensionNames) -> str:
    """What a colouring is called beside its scale."""
    mean = "" if _dimension(name) is None else " (posterior mean)"
    return f"{short_title(name, dimensions)}{mean}"


def _dimension(name: str) -> int | None:
    """The latent dimension that a colouring shows, if it is one that is offered."""
    number = name.removeprefix(LATENT)
    return int(number) if name.startswith(LATENT) and number.isdecimal() else None


def of(on_map: OnMap, name: str, dimensions: DimensionNames) -> Groups | Values | None:
    """What the images are coloured by; None for their classes, and for what is computed of a map (`map_quality`)."""
    if name in ("class", "kept"):
        return None
    if name == "split":
        return Groups(np.take(SPLIT_COLOURS, on_map.images.split_codes()))
    if name == TAG:
        return _of_tags(on_map)
    if name == BESIDE:
        return _of_neighbourhoods(on_map, title(name, dimensions))
    latents, called, index = on_map.images.latents, title(name, dimensions), _dimension(name)
    if name in COLOURS:
        return Values(getattr(latents, name), called)
    return _of_column(column_of(on_map, name), called) if index is None else Values(latents.mu[:, index], called)


def stamp(on_map: OnMap, name: str) -> str:
    """Stands for what a person gave a colouring, which changes: a table, tags, or another model."""
    if name == BESIDE:
        return other.read(on_map.checkpoint).identity
    return table.stamp(on_map) if name.startswith(COLUMN) else tags.stamp(on_map) if name == TAG else ""


def is_a_persons(name: str) -> bool:
    """Whether a person gave its names."""
    return name == TAG or name.startswith(COLUMN)


def column_of(on_map: OnMap, name: str) -> ImageColumn | None:
    """The column of the added table that a colouring shows."""
    added = table.of(on_map) if name.startswith(COLUMN) else None
    return None if added is None else added.column(name.removeprefix(COLUMN))


def _of_neighbourhoods(on_map: OnMap, title: str) -> Values:
    """Of test images alone: no other is known of both models."""
    found = other.neighbourhoods_of(on_map.checkpoint, other.read(on_map.checkpoint)).of_every_image()
    values = np.full(len(on_map.images.latents.mu), np.nan, np.float32)
    values[: len(found)] = found
    return Values(values, title)


def _of_column(column: ImageColumn | None, title: str) -> Groups | Values | None:
    if column is None:
        return None
    from vae.data.tables.image_columns import NumberColumn  # not before: most visits add no table

    if isinstance(column, NumberColumn):
        return Values(column.values, title)
    return Groups(column.codes, title, column.categories)


def _of_tags(on_map: OnMap) -> Groups:
    """Of an image with several tags the first by name counts."""
    kept = tags.of(on_map)
    codes = np.full(len(on_map.images.latents.mu), -1, np.int64)
    for code, tag in reversed(list(enumerate(kept))):
        codes[tag.rows] = code
    return Groups(codes, TAG, tuple(tag.name for tag in kept))


@dataclass(frozen=True)
class Swatch:
    """An entry of a legend: a colour and what it stands for."""

    colour: str
    text: str


def swatches(groups: Groups, most: int) -> list[Swatch]:
    """A legend of groups that have names: the `most` frequent, how many more there are, and what has none."""
    shown = [Swatch(CLASS_COLOURS[code % len(CLASS_COLOURS)], name) for code, name in enumerate(groups.names[:most])]
    if (more := len(groups.names) - most) > 0:
        shown.append(Swatch("transparent", f"and {more:,} more"))
    absent = f"no {TAG}" if groups.title == TAG else "no value"
    return [*shown, Swatch(UNKNOWN, absent)] if (groups.codes < 0).any() else shown
