"""The invisible component that draws a map's points where they are too many for Plotly.

It finds their places in the model that `model_store` has brought by its fingerprint.
"""

from __future__ import annotations

from typing import TypedDict

import streamlit as st

from ui.components import assets

_CLOUD = st.components.v2.component(
    "point_cloud", html='<div class="point-cloud"></div>', js=assets.script("point_cloud/cloud_entry.js")
)


class MapData(TypedDict):
    """Which map: its method and two latent axes, the second None for one dimension."""

    method: str
    axes: list[int | None]


class CloudData(TypedDict):
    """What the points look like; plain values only.

    `name` is the figure's (`layout.meta.cloud`), `chart_key` that of the chart's container. `codes` are bytes as
    base64, one for each image of the map: its colour's place in `palette` (#rrggbb), 255 for one that is not shown.
    `traces` are, in the same way, the figure's trace that it belongs to, with which it is hidden.
    """

    name: str
    chart_key: str
    fingerprint: str
    map: MapData
    codes: str
    traces: str
    palette: list[str]


def show(data: CloudData, key: str) -> None:
    """Draw the points under the chart."""
    _CLOUD(data=data, key=key, height=1)
