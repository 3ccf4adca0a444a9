"""The invisible component that draws a map's points where they are too many for Plotly, and until Plotly is there.

It finds their places in the model that `model_store` has brought by its fingerprint.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

import streamlit as st

from ui.components import assets, reports

_CLOUD = st.components.v2.component(
    "point_cloud", html='<div class="point-cloud"></div>', js=assets.script("point_cloud/cloud_entry.js")
)


class MapData(TypedDict):
    """Which map: its method and two latent axes, the second None for one dimension."""

    method: str
    axes: list[int | None]


class StandInData(TypedDict):
    """The figure until Plotly draws it: its `layout.meta`, the size of its points, its traces' `meta`, the ends of both
    axes when all is shown, and its margins, in CSS pixels.
    """

    meta: dict[str, str]
    size: float
    traces: list[str]
    ranges: list[list[float]]
    margin: dict[str, int]


class CloudData(TypedDict):
    """What the points look like; plain values only.

    `name` is the figure's (`layout.meta.cloud`), `chart_key` that of the chart's container. `codes` are bytes as
    base64, one for each image of the map: its colour's place in `palette` (#rrggbb), 255 for one that is not shown.
    `traces` are, in the same way, the figure's trace that it belongs to, with which it is hidden. Of points that are
    `in_figure` they are drawn until Plotly is there. `stand_in` is what they are drawn on that long, if it is wanted.
    """

    name: str
    chart_key: str
    fingerprint: str
    map: MapData
    codes: str
    traces: str
    palette: list[str]
    in_figure: bool
    stand_in: StandInData | None


class FirstSeen(reports.Event):
    """So many points are seen on the stand-in."""

    points: reports.Row


def show(data: CloudData, on_seen: Callable[[], None], key: str) -> FirstSeen | None:
    """Draw the points under the chart, or on its stand-in; `on_seen()` is called once they are seen there."""
    result = _CLOUD(data=data, on_seen_change=on_seen, key=key, height=1)
    return reports.event(result.seen, FirstSeen, lambda _: True)
