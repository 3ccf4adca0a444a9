"""A run's numbers with what they mean: one tile each."""

from __future__ import annotations

import streamlit as st

from ui.shared import page
from vae.training.diagnostics.learning import Reading

BADGES = {
    "fine": ":green-badge[:material/check: Fine]",
    "watch": ":orange-badge[:material/visibility: Watch]",
    "failing": ":red-badge[:material/error: Failing]",
    "open": ":gray-badge[Not judged]",
    "": "",  # a fact
}
STYLE = """
<style>
  .st-key-readings [data-testid="stMetricLabel"] p { font-size: 0.8rem; }
  .st-key-readings [data-testid="stCaptionContainer"] { margin-top: -0.35rem; }
</style>
"""


def show(readings: list[Reading]) -> None:
    """All readings, in the order given; what is not fine names what helps."""
    if not readings:
        return
    st.html(STYLE)
    with st.container(key="readings"):
        grid = st.grid(3, min_column_width=190, gap="small")
        for reading in readings:
            with grid.cell(), st.container(gap="xsmall"):
                _tile(reading)


def _tile(reading: Reading) -> None:
    unit = f" :small[{page.escape(reading.unit)}]" if reading.unit else ""
    st.metric(reading.name, f"{reading.value}{unit}")
    st.caption(f"{BADGES[reading.level]} {page.escape(reading.sentence)}".strip())
    if reading.remedy:
        st.caption(f":material/build: **Try:** {page.escape(reading.remedy)}")
