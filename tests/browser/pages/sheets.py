"""Sheets of pictures and what was clicked, for the browser tests."""

import numpy as np
import streamlit as st

from ui.components import picture_sheet
from ui.components.picture_sheet.picture_bytes import SheetLayout
from vae.data import datasets

st.set_page_config(layout="wide")
digits = datasets.load("digits", "test").images
count = int(st.query_params.get("count", "60"))
turn = st.checkbox("Other pictures")
fewer = st.checkbox("Fewer pictures")
choose = st.checkbox("Choose the third")
pictures = digits[(np.arange(10 if fewer else count) + 7 * turn) % len(digits)]
clicked = picture_sheet.show(pictures, "sheet", SheetLayout("Digits", selected=2 if choose else None))
st.text(f"clicked {clicked['index'] if clicked else 'nothing'}")
st.text(f"event {clicked['id'] if clicked else 'none'}")
picture_sheet.show(
    digits[: 3 * 41],
    "traversal",
    SheetLayout(
        "Traversals",
        columns=41,
        tile=28,
        row_names=["z4 · 2.10 nats", "z1 · 1.32 nats", "<b>z0</b>"],
        row_titles=["The first", "The second", "<b>The third</b>"],
        column_names=[f"{v:+.1f}" for v in np.linspace(-3, 3, 41)],
    ),
)
