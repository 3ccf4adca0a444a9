"""The live decoder, a Streamlit component whose front end is the .js, .css and .html files beside this one.

Streamlit takes a component's script as one string, so the files it needs are joined in order; none of them imports
another. Two components share the page's registry (store.js): one brings a checkpoint's numbers once, one shows them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypedDict

import streamlit as st

HERE = Path(__file__).parent
SCRIPTS = ("decoder.js", "store.js", "pictures.js", "map_link.js", "slider.js")


def script(*names: str) -> str:
    """The text of these front-end files, joined."""
    return "\n".join((HERE / name).read_text(encoding="utf-8") for name in names)


_STORE = st.components.v2.component("latent_store", js=script("decoder.js", "store.js", "store_entry.js"))
_PANEL = st.components.v2.component(
    "latent_panel",
    html=script("panel.html"),
    css=script("range.css", "panel.css"),
    js=script(*SCRIPTS, "panel.js"),
)


class View(TypedDict):
    """Where the person is: the selected row (or None), the latent vector, and a mark that differs for every move."""

    row: int | None
    z: list[float]
    move: str


def store(payload: bytes, key: str) -> None:
    """Bring a checkpoint (payload.py) into the page. Sent once; Streamlit skips what has not changed."""
    _STORE(data=payload, key=key, height=1)


def panel(data: dict[str, Any], key: str) -> View | None:
    """Show the live decoder; returns where the person has moved in it, None as long as they have not."""
    result = _PANEL(data=data, key=key, on_view_change=lambda: None)
    view: View | None = result.view
    return view
