"""What lies on Explore's map beside its points, a Streamlit component whose front end is the .js, .css and .html files
beside this one: a menu of layers, and the layers, drawn in the page over a figure that stays the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, TypedDict

import streamlit as st
from msgspec import Meta

from ui.components import assets, reports
from vae.storage.schema import text

_LAYERS = st.components.v2.component(
    "map_layers",
    html=assets.text("map_layers/layers.html"),
    css=assets.text("shared/base.css", "shared/help.css", "map_layers/layers.css"),
    js=assets.script("map_layers/layers_entry.js"),
)
Name = Annotated[str, text(40)]


class ChosenLayers(reports.Event):
    """The layers that are wanted."""

    names: Annotated[list[Name], Meta(max_length=20)]


class WantedSheet(reports.Event):
    """The sheet of images (`image_sheet`) that the page needs and does not have."""

    sheet: Annotated[str, text(200)]


class LayerData(TypedDict):
    """A layer in the menu; `why_not` says why it can't be had, empty where it can."""

    name: str
    title: str
    help: str
    why_not: str


class LegendEntry(TypedDict):
    """What a colour means on a printed map: a class's by its `label`, which has its symbol, too, or another colour."""

    text: str
    label: int | None
    colour: str


class PrintData(TypedDict):
    """What stands above a printed map, and the file's name without its ending."""

    title: str
    legend: list[LegendEntry]
    file: str


class MapLayersData(TypedDict):
    """What the layers are drawn from; plain values only.

    `figure` is the `map` of the figure's meta that belongs to this, `map` as map_link.js has it. Images are those from
    `rows[0]` to below `rows[1]` whose class is one of `labels` (None: of any). `sheet` names their image sheet.
    `chosen` is taken over where it answers the last choice, or when `revision` is another; `usual` is on unless it is
    put off.
    """

    fingerprint: str
    figure: str
    chart_key: str
    map: dict[str, Any]
    rows: list[int]
    labels: list[int] | None
    image_shape: list[int]
    class_names: list[str]
    class_colours: list[str]
    sheet: str
    layers: list[LayerData]
    chosen: list[str]
    usual: list[str]
    print: PrintData
    revision: int


@dataclass(frozen=True)
class LayerEvents:
    """The layers that were chosen last, and the sheet that the page asked for last; None as long as there is none."""

    choice: ChosenLayers | None
    wanted: WantedSheet | None


def show(data: MapLayersData, key: str) -> LayerEvents:
    """Show the menu, and draw what is chosen in it."""
    result = _LAYERS(
        data=dict(data),
        key=key,
        width="content",
        on_choice_change=lambda: None,
        on_wanted_change=lambda: None,
    )
    offered = [layer["name"] for layer in data["layers"]]
    return LayerEvents(choice_of(result.choice, offered), wanted_of(result.wanted, data["sheet"]))


def choice_of(value: object, offered: list[str]) -> ChosenLayers | None:
    """What the page sent, if it is a choice among the layers that are offered."""
    return reports.event(value, ChosenLayers, lambda choice: set(choice["names"]) <= set(offered))


def wanted_of(value: object, sheet: str) -> WantedSheet | None:
    """What the page sent, if it asks for this sheet."""
    return reports.event(value, WantedSheet, lambda wanted: wanted["sheet"] == sheet)
