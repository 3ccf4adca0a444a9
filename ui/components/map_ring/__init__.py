"""The invisible component that draws a ring on a native map, whose figure stays the same, and with it the zoom."""

from __future__ import annotations

import streamlit as st

from ui.components import assets

_RING = st.components.v2.component(
    "map_ring", html='<div class="map-ring"></div>', js=assets.script("map_ring/ring_entry.js")
)


def show(chart_key: str, x: float, y: float, key: str) -> None:
    """Draw the ring at these coordinates of the map whose container has the key `chart_key`."""
    _RING(data={"chart_key": chart_key, "x": x, "y": y}, key=key, height=1)
