"""Scored images to review, a Streamlit component: tiles with score and name, a line where the threshold cuts, marks.

A mark is drawn in the page at once. All marks of the tiles are reported together, so that none is lost when several are
set before Python hears of the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import streamlit as st
from msgspec import Meta
from numpy.typing import NDArray

from ui.components import assets, reports
from ui.components.review.tiles import MOST_TILES, Review, Tile, pack
from vae.storage.schema import integer, text

Place = Annotated[int, integer(0, MOST_TILES - 1)]
Mark = Literal["", "confirmed", "rejected"]

_REVIEW = st.components.v2.component(
    "review",
    html=assets.text("review/review.html"),
    css=assets.text("shared/base.css", "review/review.css"),
    js=assets.script("review/review.js"),
)


class TileChoice(reports.Event):
    """Which tile was chosen, of which tiles."""

    tiles: Annotated[str, text(64)]
    index: Place


class Marking(reports.Event):
    """The marks of all tiles, in their order, of which tiles."""

    tiles: Annotated[str, text(64)]
    marks: Annotated[list[Mark], Meta(max_length=MOST_TILES)]


@dataclass(frozen=True)
class Reported:
    """What was chosen last and marked last on these tiles, None as long as nothing was."""

    choice: TileChoice | None
    marking: Marking | None


def show(pixels: NDArray[np.uint8], tiles: Sequence[Tile], key: str, review: Review) -> Reported:
    """Show pictures (n, C, H, W) as tiles, at most MOST_TILES, in this order.

    What was reported of tiles that these have replaced is nothing.
    """
    content = pack(pixels, tiles, review)
    result = _REVIEW(data=content.data, key=key, on_choice_change=lambda: None, on_marking_change=lambda: None)
    choice = reports.event(
        result.choice, TileChoice, lambda event: event["tiles"] == content.name and event["index"] < len(tiles)
    )
    marking = reports.event(
        result.marking, Marking, lambda event: event["tiles"] == content.name and len(event["marks"]) == len(tiles)
    )
    return Reported(choice, marking)
