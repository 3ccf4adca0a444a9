"""The legend of Explore's map, a Streamlit component whose front end is the .js and .css files beside this one.

It hides and shows classes in Streamlit's native chart by itself: the figure stays the same.
"""

from __future__ import annotations

from typing import TypedDict

import streamlit as st

from ui.components import assets, reports
from ui.palette import CLASS_COLOURS

_LEGEND = st.components.v2.component(
    "map_legend",
    html='<div class="legend" role="group" aria-label="Classes on the map"></div>',
    css=assets.text("shared/base.css", "map_legend/legend.css"),
    js=assets.script("map_legend/legend_entry.js"),
)


class ShownClasses(reports.Event):
    """Which classes are shown, by their places in the legend."""

    places: list[reports.Row]


class LegendData(TypedDict):
    """What the legend shows; plain values only.

    `names` are those of classes that have points, `labels` theirs, by which marks go: there are none where the points
    are not `coloured` by class. `chart_key` names the container of the chart, whose traces have their class's name as
    `meta`. `shown` is taken over where it answers the last choice, or when `revision` is another.
    """

    names: list[str]
    labels: list[int]
    coloured: bool
    shown: list[str]
    chart_key: str
    revision: int


def show(data: LegendData, key: str) -> ShownClasses | None:
    """Show the legend; returns the last choice, None as long as there is none."""
    colours = list(CLASS_COLOURS) if data["coloured"] else []
    result = _LEGEND(data={**data, "colours": colours}, key=key, on_choice_change=lambda: None)
    return choice_of(result.choice, len(data["names"]))


def choice_of(value: object, count: int) -> ShownClasses | None:
    """What the page sent, if it is a choice among `count` classes."""
    return reports.event(
        value, ShownClasses, lambda choice: 0 < len(choice["places"]) <= count and max(choice["places"]) < count
    )
