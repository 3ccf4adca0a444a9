"""The live decoder, a Streamlit component whose front end is the .js, .css and .html files beside this one.

It finds the checkpoint that `model_store` has brought by its fingerprint.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import streamlit as st
from msgspec import Meta

from ui.components import assets, reports
from ui.components.latent_vector import finite_vector
from vae.checkpoints import named_places
from vae.checkpoints.dimension_names import LONGEST_NAME, LONGEST_NOTE
from vae.storage.schema import text

MOST_PLACES = 12  # of a walk
_PANEL = st.components.v2.component(
    "latent_panel",
    html=assets.text("live_decoder/panel.html"),
    css=assets.text("shared/base.css", "shared/range.css", "shared/help.css", "live_decoder/panel.css"),
    js=assets.script("live_decoder/panel_entry.js"),
)


class View(reports.Event):
    """Where the person is: the selected row (or None) and the latent vector."""

    row: reports.Row | None
    z: reports.Numbers


class Opening(reports.Event):
    """Somebody asks for a tool in the panel's place."""

    tool: Literal["own"]


class Naming(reports.Event):
    """What somebody calls a latent dimension, and what they note of it."""

    index: reports.Row
    name: Annotated[str, text(LONGEST_NAME)]
    note: Annotated[str, text(LONGEST_NOTE)]


class PlaceNaming(reports.Event):
    """What somebody calls the place where they are: the latent vector, and the row that is selected there."""

    name: Annotated[str, text(named_places.LONGEST_NAME)]
    row: reports.Row | None
    z: reports.Numbers


class Turn(reports.Event):
    """What the sliders shall move along: the latent dimensions, or the principal axes of the means."""

    along: Literal["latent", "principal"]


class Walk(reports.Event):
    """The places that a walk leads through, which somebody wants to keep."""

    places: Annotated[list[reports.Numbers], Meta(min_length=2, max_length=MOST_PLACES)]


@dataclass(frozen=True)
class PanelEvents:
    """Where the person has moved last, the tool that they asked for last, the dimension and the place that they named
    last, what they wanted sliders for last, and the walk that they wanted to keep last; None as long as they have not.
    """

    view: View | None
    opening: Opening | None
    naming: Naming | None
    place: PlaceNaming | None
    turn: Turn | None
    walk: Walk | None


def panel(data: dict[str, Any], key: str) -> PanelEvents:
    """Show the live decoder."""
    result = _PANEL(
        data=data,
        key=key,
        on_view_change=lambda: None,
        on_opening_change=lambda: None,
        on_naming_change=lambda: None,
        on_place_change=lambda: None,
        on_turn_change=lambda: None,
        on_walk_change=lambda: None,
    )
    return PanelEvents(
        view_of(result.view, data["latent_dim"], data["count"]),
        opening_of(result.opening),
        naming_of(result.naming, data["latent_dim"]),
        place_of(result.place, data["latent_dim"], data["count"]),
        turn_of(result.turn),
        walk_of(result.walk, data["latent_dim"]),
    )


def view_of(value: object, latent_dim: int, count: int) -> View | None:
    """What the page sent, if it is one of `count` rows, or none, and a vector of this latent space."""
    return reports.event(
        value, View, lambda view: len(view["z"]) == latent_dim and (view["row"] is None or view["row"] < count)
    )


def opening_of(value: object) -> Opening | None:
    """What the page sent, if it asks for a tool."""
    return reports.event(value, Opening, lambda _: True)


def naming_of(value: object, latent_dim: int) -> Naming | None:
    """What the page sent, if it names one of the latent dimensions."""
    return reports.event(value, Naming, lambda naming: naming["index"] < latent_dim)


def place_of(value: object, latent_dim: int, count: int) -> PlaceNaming | None:
    """What the page sent, if it names a place of this latent space, with one of `count` rows or none."""
    return reports.event(
        value,
        PlaceNaming,
        lambda place: (
            finite_vector(place["z"], latent_dim) is not None and (place["row"] is None or place["row"] < count)
        ),
    )


def turn_of(value: object) -> Turn | None:
    """What the page sent, if it asks for other sliders."""
    return reports.event(value, Turn, lambda _: True)


def walk_of(value: object, latent_dim: int) -> Walk | None:
    """What the page sent, if it leads through places of this latent space."""
    return reports.event(
        value, Walk, lambda walk: all(finite_vector(z, latent_dim) is not None for z in walk["places"])
    )
