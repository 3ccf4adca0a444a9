"""What is about to be imported, kept open in the session while its form is filled in."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import streamlit as st

from ui.library.importing.dropped import Archive
from vae.config import CUT, ImageReading
from vae.data.folders import layout
from vae.data.folders.choices import FolderChoices
from vae.data.folders.image_walk import ImageWalk
from vae.data.image_decoding import Decoded, Format, Pixels
from vae.data.importing import sources
from vae.data.importing.pictures import FolderPictures
from vae.data.importing.sources import Brought
from vae.data.importing.zip_pictures import ZipPictures

OPEN = "library_looked"  # in the session: what was looked into last, and closes with the next one
SHOWN = 6  # images of the preview
SIDE = 128  # pixels, of an image as it was
THINNEST = 4  # times as long as wide: what is shown of a longer one


@dataclass(frozen=True, eq=False)
class Looked:
    """One source, understood in one way."""

    key: str
    brought: Brought
    stack: contextlib.ExitStack = field(repr=False)
    originals: dict[str, Pixels] = field(default_factory=dict, repr=False)

    @property
    def has_table(self) -> bool:
        """Whether a CSV file lies beside the images."""
        return isinstance(self.brought.pictures, ZipPictures) and bool(self.brought.pictures.tables)


@dataclass(frozen=True, eq=False)
class Previewed:
    """An image before and after; `frame` is what is kept of it (left, top, width, height) as shares of its sides."""

    name: str
    before: Pixels
    after: Pixels
    frame: tuple[float, float, float, float]


def at(key: str, source: Archive | ImageWalk, choices: FolderChoices) -> Looked:
    """What is in a source, looked into once. Raises DatasetError and BudgetError."""
    known: Looked | None = st.session_state.get(OPEN)
    key = f"{key} {choices}"
    if known is not None and known.key == key:
        return known
    forget()
    stack = contextlib.ExitStack()
    with stack:
        if isinstance(source, Archive):
            found = Looked(key, stack.enter_context(sources.looked_into(source.file, source.name, choices)), stack)
        else:
            left_out = source.left_out()
            understood = layout.understand(source.root, source.files, left_out, choices)
            found = Looked(key, Brought(FolderPictures(source.root), understood, left_out), stack)
        found = Looked(key, found.brought, stack.pop_all())
    st.session_state[OPEN] = found
    return found


def forget() -> None:
    """Close what is open."""
    known: Looked | None = st.session_state.pop(OPEN, None)
    if known is not None:
        known.stack.close()


def previewed(looked: Looked, form: Format, reading: ImageReading) -> list[Previewed]:
    """The first images of as many classes as possible, before and after; those that can't be read are passed over."""
    found = []
    for name in _examples(looked):
        after = _decoded(looked, name, form, reading)
        if after is None:
            continue
        width, height = after.facts.size if not after.facts.turned else after.facts.size[::-1]
        if name not in looked.originals:
            whole = _whole(width, height)
            before = _decoded(looked, name, whole, ImageReading(reading.background))
            if before is None:
                continue
            looked.originals[name] = before.pixels
        kept = (0.0, 0.0, 1.0, 1.0) if reading.fit != CUT else _frame(width / height, form.width / form.height)
        found.append(Previewed(name, looked.originals[name], after.pixels, kept))
    return found


def _decoded(looked: Looked, name: str, form: Format, reading: ImageReading) -> Decoded | None:
    """None for what can't be read."""
    [part] = looked.brought.pictures.decoded([name], form, reading)
    [outcome] = part.outcomes
    return None if isinstance(outcome, str) else Decoded(part.pixels[0], outcome)


def _examples(looked: Looked) -> list[str]:
    understood = looked.brought.layout
    _, first = np.unique(understood.labels, return_index=True)
    more = np.setdiff1d(np.arange(min(len(understood.files), 4 * SHOWN)), first)
    return [understood.files[int(row)] for row in (*first[:SHOWN], *more)][:SHOWN]


def _whole(width: int, height: int) -> Format:
    """All of an image, small; of a very thin one its middle."""
    share = min(max(width / height, 1 / THINNEST), THINNEST)
    wide, high = (SIDE, round(SIDE / share)) if share >= 1 else (round(SIDE * share), SIDE)
    return Format(max(1, min(high, height)), max(1, min(wide, width)), colour=True)


def _frame(has: float, wanted: float) -> tuple[float, float, float, float]:
    """What is kept of an image of one aspect ratio (width over height) when it is cut to another."""
    if has > wanted:
        share = wanted / has
        return (1 - share) / 2, 0.0, share, 1.0
    share = has / wanted
    return 0.0, (1 - share) / 2, 1.0, share


def root_of(source: Archive | ImageWalk) -> str:
    """What a source is called, for a name."""
    return source.name if isinstance(source, Archive) else Path(source.root).name
