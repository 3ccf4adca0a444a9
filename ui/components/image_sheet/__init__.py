"""The invisible component that brings a data set's images, small, into the page: whoever shows neighbours finds them
there by the data set's fingerprint (sheets.js)."""

from __future__ import annotations

import streamlit as st

from ui.components import assets

_SHEET = st.components.v2.component("image_sheet", js=assets.script("image_sheet/sheet_entry.js"))


def bring(sheet: bytes, key: str) -> None:
    """Bring small images (ui/explore/sheet/small_images.py) into the page."""
    _SHEET(data=sheet, key=key, height=1)
