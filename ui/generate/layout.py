"""How every view of Generate is laid out: a slim bar of settings, the pictures, and at their right the detail panel.

In a narrow window the pictures and the panel come before the bar.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui.shared.detail import detail_panel

STYLE = """<style>
  .st-key-bar [data-testid="stWidgetLabel"] { min-height: 1.4rem; }
  @media (max-width: 1100px) {
    .st-key-view > :has(> .st-key-bar) { order: 1; }
    .st-key-view > :has(> .st-key-below) { order: 2; }
  }
  /* the names of the views in one row on a phone */
  @media (max-width: 640px) {
    .st-key-generate-view [data-testid="stButtonGroup"] > div { flex-wrap: nowrap; }
    .st-key-generate-view button { padding: 0 0.2rem; min-width: 0; flex: 1 1 auto; }
    .st-key-generate-view button p { font-size: 0.72rem; }
  }
</style>"""


@dataclass(frozen=True)
class ViewParts:
    """The parts of a view: the bar above, the pictures with the panel beside them, and what comes below."""

    bar: DeltaGenerator
    pictures: DeltaGenerator
    panel: DeltaGenerator
    below: DeltaGenerator


def parts() -> ViewParts:
    """Once a view."""
    st.html(STYLE)
    with st.container(key="view"):
        bar = st.container(key="bar", horizontal=True, vertical_alignment="bottom", gap="small")
        columns = detail_panel.beside()
        below = st.container(key="below")
    return ViewParts(bar, columns.pictures, columns.panel, below)


def field(bar: DeltaGenerator, width: int) -> DeltaGenerator:
    """The place of one field in the bar, so many CSS pixels wide."""
    return bar.container(width=width)
