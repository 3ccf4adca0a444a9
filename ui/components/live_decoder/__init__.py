"""The live decoder, a Streamlit component whose front end is the .js, .css and .html files beside this one.

It finds the checkpoint that `model_store` has brought by its fingerprint.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui.components import assets, model_store
from ui.components.events import Event

SCRIPT = assets.joined(
    *model_store.SCRIPTS,
    "shared/pictures.js",
    "live_decoder/map_link.js",
    "live_decoder/slider.js",
    "live_decoder/panel.js",
)
_PANEL = st.components.v2.component(
    "latent_panel",
    html=assets.joined("live_decoder/panel.html"),
    css=assets.joined("shared/range.css", "live_decoder/panel.css"),
    js=SCRIPT,
)


class View(Event):
    """Where the person is: the selected row (or None) and the latent vector."""

    row: int | None
    z: list[float]


def panel(data: dict[str, Any], key: str) -> View | None:
    """Show the live decoder; returns where the person has moved in it, None as long as they have not."""
    result = _PANEL(data=data, key=key, on_view_change=lambda: None)
    view: View | None = result.view
    return view
