"""The plane of decoded images, a Streamlit component whose front end is the .js, .css and .html files beside this one.

The weights come from `model_store.store`, which the page shows as well; this component gets only a few numbers
and decodes in Web Workers, or asks the server where only Python can decode. assets.py says how.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Annotated, Literal, TypedDict

import streamlit as st
from msgspec import Meta

from ui.components import assets, reports
from ui.components.latent_vector import FARTHEST
from ui.components.model_store.live_data import SocketData
from vae.storage.schema import number, text

WIDEST = 1_000.0  # times the view at home: wider than what can be reached
NARROWEST = 2.0**-12  # of the view at home: lattice.js goes no deeper
PlaneName = Annotated[str, text(16)]
Coordinate = Annotated[float, number(-FARTHEST, FARTHEST)]
Part = Annotated[list[Annotated[float, number(-WIDEST, WIDEST)]], Meta(min_length=3, max_length=3)]


class PlaneData(TypedDict):
    """The plane z = base + a u + b v; each vector has d numbers."""

    base: list[float]
    u: list[float]
    v: list[float]


class ManifoldData(TypedDict):
    """What is shown: which model, which plane of its latent space, and how it is laid out.

    scale: "quantile" puts (a, b) at the quantiles of N(0, 1), so that equal areas hold equal prior probability; "even"
    is linear and shows `home` = [lowest a, highest a, lowest b, highest b] first. measured: what a unit of a and b is a
    standard deviation of, the prior or the data; only said. tiles: 10 to 40 across the view at home. window: the part
    that is shown, as [left, top, side] in shares of the view at home; it is taken over when the plane or `revision`
    changes, and all is shown for None. here: a place that a ring marks. show_points draws the test images' posterior
    means, coloured by class; it says something only where the latent space is the plane itself. revision: a new number
    moves the ring to `here`, also where `here` is the same as before. socket: where the server decodes; None where the
    page does.
    """

    fingerprint: str
    image_shape: list[int]
    plane: PlaneData
    names: list[str]
    scale: Literal["quantile", "even"]
    measured: Literal["prior", "data"]
    tiles: int
    home: list[float]
    window: list[float] | None
    here: list[float] | None
    show_points: bool
    colours: list[str]
    class_names: list[str]
    revision: int
    socket: SocketData | None


class Moved(reports.Event):
    """Where the sheet came to rest: `window` as in ManifoldData, None for the view at home, and as in PlaneVisit."""

    window: Part | None
    plane: PlaneName


class Unreachable(reports.Event):
    """The server that was to decode this plane can't be asked."""

    plane: PlaneName


class PlaneVisit(reports.Event):
    """A place that was clicked: where in which plane, and its latent vector."""

    a: Coordinate
    b: Coordinate
    z: reports.Numbers
    plane: PlaneName


_MANIFOLD = st.components.v2.component(
    "latent_manifold",
    html=assets.text("manifold/manifold.html"),
    css=assets.text("shared/base.css", "manifold/manifold.css"),
    js=assets.script("manifold/manifold.js"),
)


@dataclass(frozen=True)
class PlaneEvents:
    """What the person did last with this plane: where they clicked, and where the sheet came to rest; and whether the
    server that was to decode can't be asked.
    """

    visit: PlaneVisit | None
    moved: Moved | None
    unreachable: Unreachable | None = None


def show(data: ManifoldData, key: str) -> PlaneEvents:
    """Show the plane; returns what the person has done with it."""
    name = plane_name(data)
    result = _MANIFOLD(
        data={**data, "plane_name": name},
        key=key,
        on_visit_change=lambda: None,
        on_moved_change=lambda: None,
        on_unreachable_change=lambda: None,
    )
    return PlaneEvents(
        visit_of(result.visit, len(data["plane"]["base"]), name),
        moved_of(result.moved, name),
        reports.event(result.unreachable, Unreachable, lambda event: event["plane"] == name),
    )


def plane_name(data: ManifoldData) -> str:
    """Names this plane of this model in this scale: what was done with another one says nothing about it."""
    text = json.dumps([data["fingerprint"], data["plane"], data["scale"]], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def visit_of(value: object, latent_dim: int, plane: str) -> PlaneVisit | None:
    """What the page sent, if it is a place in this plane of this latent space."""
    return reports.event(value, PlaneVisit, lambda visit: visit["plane"] == plane and len(visit["z"]) == latent_dim)


def moved_of(value: object, plane: str) -> Moved | None:
    """What the page sent, if it is a part of this plane."""
    return reports.event(value, Moved, lambda moved: moved["plane"] == plane)
