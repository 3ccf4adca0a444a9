"""A grid of pictures on one canvas, a Streamlit component whose front end is the files beside this one.

All pictures come as one safetensors file (picture_bytes.py), so hundreds of them are one message and one drawing. A
click, or a key that was let go, is an event.
"""

from __future__ import annotations

from typing import Annotated, NotRequired

import numpy as np
import streamlit as st
from msgspec import Meta
from numpy.typing import NDArray

from ui.components import assets, reports
from ui.components.picture_sheet import picture_bytes
from ui.components.picture_sheet.picture_bytes import MAX_PICTURES, SheetLayout
from vae.storage.schema import integer

Picture = Annotated[int, integer(0, MAX_PICTURES - 1)]

_SHEET = st.components.v2.component(
    "picture_sheet",
    html=assets.text("picture_sheet/sheet.html"),
    css=assets.text("shared/base.css", "picture_sheet/sheet.css"),
    js=assets.script("picture_sheet/sheet.js"),
)


class Click(reports.Event):
    """Which picture was chosen, and all that are picked where several can be."""

    index: Picture
    picked: NotRequired[Annotated[list[Picture], Meta(max_length=MAX_PICTURES)] | None]


def show(images: NDArray[np.uint8], key: str, layout: SheetLayout) -> Click | None:
    """Show pictures (N, C, H, W); returns the one chosen last, None as long as none was.

    There may be MAX_PICTURES of them; without any, a sentence is shown.
    """
    result = _SHEET(data=picture_bytes.pack(images, layout), key=key, on_click_change=lambda: None)
    return reports.event(
        result.click, Click, lambda click: max(click["index"], *(click.get("picked") or ()), 0) < len(images)
    )
