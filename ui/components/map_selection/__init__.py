"""Tools over Explore's map that select images, a Streamlit component whose front end is the files beside this one.

Which images are selected travels as a bit a row, in base64: half of 70,000 take 12 kB.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypedDict

import numpy as np
import streamlit as st
from msgspec import Meta
from numpy.typing import NDArray

from ui.components import assets, reports
from vae.storage.schema import text

_TOOLS = st.components.v2.component(
    "map_selection",
    html=assets.text("map_selection/tools.html"),
    css=assets.text("shared/base.css", "map_selection/tools.css"),
    js=assets.script("map_selection/tools_entry.js"),
)
MOST_BITS = 4_000_000  # characters: of 24 million images

LONGEST_QUERY = 200  # characters

Rows = NDArray[np.int64]


class Drawn(reports.Event):
    """Somebody has drawn around images, or selects none: a bit a row."""

    bits: Annotated[str, Meta(max_length=MOST_BITS)]


class Asked(reports.Event):
    """Somebody asks for the images of a class, for so many nearest to the pinned one, for those of a tag, or for what
    was found; but for the second by their place in a list.
    """

    by: Literal["class", "near", "tag", "found"]
    number: reports.Row


class Query(reports.Event):
    """Somebody searches."""

    text: Annotated[str, text(LONGEST_QUERY)]


class TrayOpening(reports.Event):
    """Somebody asks to look closer at what is selected."""

    tool: Literal["tray"]


class OfferedImages(TypedDict):
    """Images that can be selected: what they are called, and how many they are."""

    name: str
    count: int


class ToolsData(TypedDict):
    """What the tools know; plain values only.

    `fingerprint` names the model. The map shows the rows from the first to before the second of `rows`, of the classes
    `shown_labels` (None: of all). Of `count` images those in `bits` are selected, which is taken over where it answers
    the last gesture, or when `revision` is another. `problem` is why what was asked for can't be selected. `found` is
    what fits the last `query`. `pictures` are drawn in the place of points: of images where there is room, or decoded
    ones everywhere.
    """

    fingerprint: str
    class_names: list[str]
    count: int
    map: dict[str, Any]
    rows: list[int]
    shown_labels: list[int] | None
    bits: str
    revision: str
    problem: str
    tray_open: bool
    pictures: Literal["none", "images", "everywhere"]
    tags: list[OfferedImages]
    query: str
    found: list[OfferedImages]


@dataclass(frozen=True)
class ToolEvents:
    """What was drawn, asked for, searched for and opened last; None as long as nothing was."""

    drawn: Drawn | None
    asked: Asked | None
    query: Query | None
    opening: TrayOpening | None


def show(data: ToolsData, key: str) -> ToolEvents:
    """Show the tools over the map that stands below."""
    result = _TOOLS(
        data=dict(data),
        key=key,
        on_drawn_change=lambda: None,
        on_asked_change=lambda: None,
        on_query_change=lambda: None,
        on_opening_change=lambda: None,
    )
    said = {name: getattr(result, name) for name in ("drawn", "asked", "query", "opening")}
    offered = {"class": len(data["class_names"]), "tag": len(data["tags"]), "found": len(data["found"])}
    return events_of(said, data["count"], offered)


def events_of(said: Mapping[str, object], count: int, offered: Mapping[str, int]) -> ToolEvents:
    """What the page sent, by name, as far as it can be about so many images, of lists `offered` that are so long."""
    return ToolEvents(
        reports.event(said.get("drawn"), Drawn, lambda drawn: rows_of(drawn["bits"], count) is not None),
        reports.event(
            said.get("asked"), Asked, lambda asked: asked["by"] == "near" or asked["number"] < offered[asked["by"]]
        ),
        reports.event(said.get("query"), Query, lambda _: True),
        reports.event(said.get("opening"), TrayOpening, lambda _: True),
    )


def bits_of(rows: Rows, count: int) -> str:
    """Rows (n,) of `count` images as text; "" for none."""
    if not len(rows):
        return ""
    chosen = np.zeros(count, np.uint8)
    chosen[rows] = 1
    return base64.b64encode(np.packbits(chosen, bitorder="little").tobytes()).decode()


def rows_of(bits: str, count: int) -> Rows | None:
    """The rows (n,), ascending, that a page means of `count` images; None where it can't mean these."""
    if not bits:
        return np.zeros(0, np.int64)
    try:
        packed = np.frombuffer(base64.b64decode(bits, validate=True), np.uint8)
    except (binascii.Error, ValueError):
        return None
    if len(packed) != -(-count // 8):
        return None
    rows = np.flatnonzero(np.unpackbits(packed, bitorder="little")).astype(np.int64)
    return rows if not len(rows) or rows[-1] < count else None
