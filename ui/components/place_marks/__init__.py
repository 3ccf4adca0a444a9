"""Named places on a native map, each a mark with its name: a click on one asks to go there."""

from __future__ import annotations

from typing import Annotated, Any, TypedDict

import streamlit as st
from msgspec import Meta

from ui.components import assets, reports

_MARKS = st.components.v2.component(
    "place_marks", html='<div class="place-marks"></div>', js=assets.script("place_marks/marks_entry.js")
)


class Going(reports.Event):
    """Somebody wants to go to the place of this number, in the list that the page was sent."""

    number: Annotated[int, Meta(ge=0, le=10_000)]


class MarkedPlace(TypedDict):
    """A place: its name, its latent vector, and the row of the image that was selected there."""

    name: str
    z: list[float]
    row: int | None


def show(fingerprint: str, chosen_map: dict[str, Any], places: list[MarkedPlace], key: str) -> Going | None:
    """Mark places of the model of this fingerprint on a map (`latent_map.link_description`); the last click."""
    data = {"fingerprint": fingerprint, "map": chosen_map, "places": places}
    result = _MARKS(data=data, key=key, on_going_change=lambda: None, height=1)
    return going_of(result.going, len(places))


def going_of(value: object, count: int) -> Going | None:
    """What the page sent, if it is about one of so many places."""
    return reports.event(value, Going, lambda going: going["number"] < count)
