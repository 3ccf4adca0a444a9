"""A grid of pictures on one canvas, a Streamlit component whose front end is the files beside this one.

All pictures come as one safetensors file (picture_bytes.py), so hundreds of them are one message and one drawing. A
click, or a key that was let go, is an event. It names the sheet that was clicked: one that has been replaced meanwhile
had other pictures in the same places.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, NotRequired

import numpy as np
import streamlit as st
from msgspec import Meta
from numpy.typing import NDArray

from ui.components import assets, reports
from ui.components.picture_sheet import picture_bytes
from ui.components.picture_sheet.picture_bytes import MAX_PICTURES, SheetLayout
from vae.storage.schema import integer, text

HEARD = "picture_sheet_clicks"  # in the session, by key: the last click
Picture = Annotated[int, integer(0, MAX_PICTURES - 1)]

_SHEET = st.components.v2.component(
    "picture_sheet",
    html=assets.text("picture_sheet/sheet.html"),
    css=assets.text("shared/base.css", "picture_sheet/sheet.css"),
    js=assets.script("picture_sheet/sheet.js"),
)


@dataclass(frozen=True)
class _Heard:
    """A click: whether it meant the pictures that were shown when Python heard of it first."""

    id: str
    on_these: bool


class Click(reports.Event):
    """Which picture was chosen, and all that are picked where several can be; of which sheet, by its fingerprint."""

    sheet: Annotated[str, text(64)]
    index: Picture
    picked: NotRequired[Annotated[list[Picture], Meta(max_length=MAX_PICTURES)] | None]


def show(
    images: NDArray[np.uint8], key: str, layout: SheetLayout, width: int | Literal["stretch"] = "stretch"
) -> Click | None:
    """Show pictures (N, C, H, W); returns the one chosen last, None as long as none was. `width` is in CSS pixels.

    There may be MAX_PICTURES of them; without any, a sentence is shown. A click on others, which these had replaced
    before Python heard of it, is none.
    """
    result = _SHEET(data=picture_bytes.pack(images, layout), key=key, on_click_change=lambda: None, width=width)
    click = reports.event(
        result.click, Click, lambda click: max(click["index"], *(click.get("picked") or ()), 0) < len(images)
    )
    return click if click and _on_these(click, key, images) else None


def _on_these(click: Click, key: str, images: NDArray[np.uint8]) -> bool:
    heard: dict[str, _Heard] = st.session_state.setdefault(HEARD, {})
    if key not in heard or heard[key].id != click["id"]:
        heard[key] = _Heard(click["id"], click["sheet"] == picture_bytes.fingerprint(images))
    return heard[key].on_these
