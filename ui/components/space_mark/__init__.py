"""What belongs to a native map in three dimensions: the mark where somebody is, and a word where it can't be drawn."""

from __future__ import annotations

from typing import Literal, TypedDict

import streamlit as st

from ui.components import assets, reports

_MARK = st.components.v2.component(
    "space_mark",
    html=assets.text("space_mark/mark.html"),
    css=assets.text("shared/base.css", "space_mark/mark.css"),
    js=assets.script("space_mark/mark_entry.js"),
)


class Leaving(reports.Event):
    """Somebody wants the map in two dimensions."""

    to: Literal["plane"]


class SpaceData(TypedDict):
    """The chart, the model, and how three coordinates follow from a latent vector: axes · (z − mean)."""

    chart_key: str
    fingerprint: str
    mean: list[float]
    axes: list[list[float]]


def show(data: SpaceData, key: str) -> Leaving | None:
    """Keep the mark where somebody is; what they ask for where the browser can't draw it."""
    return leaving_of(_MARK(data=dict(data), key=key, on_leaving_change=lambda: None).leaving)


def leaving_of(value: object) -> Leaving | None:
    """What the page sent, if it asks for the plane."""
    return reports.event(value, Leaving, lambda _: True)
