"""What a first visit is told, in a few short steps: shown until it is dismissed, which the browser remembers."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ui.components import assets

_STEPS = st.components.v2.component(
    "first_steps",
    html=assets.text("first_steps/steps.html"),
    css=assets.text("shared/base.css", "first_steps/steps.css"),
    js=assets.script("first_steps/steps.js"),
)


def show(steps: Sequence[str], key: str) -> None:
    """Show the steps, one sentence or two each, where this browser has not dismissed them."""
    _STEPS(data={"steps": list(steps)}, key=key)
