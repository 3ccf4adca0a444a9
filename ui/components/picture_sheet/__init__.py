"""A grid of pictures on one canvas, a Streamlit component whose front end is the files beside this one.

All pictures come as one safetensors file (picture_bytes.py), so hundreds of them are one message and one drawing. A
click, or a key that was let go, is an event.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, NotRequired

import numpy as np
import streamlit as st
from msgspec import Meta
from numpy.typing import NDArray

from ui.components import assets, reports
from ui.components.picture_sheet import picture_bytes
from vae.storage.schema import integer

Picture = Annotated[int, integer(0, picture_bytes.MAX_PICTURES - 1)]

_SHEET = st.components.v2.component(
    "picture_sheet",
    html=assets.text("picture_sheet/sheet.html"),
    css=assets.text("shared/base.css", "picture_sheet/sheet.css"),
    js=assets.script("picture_sheet/sheet.js"),
)


class Click(reports.Event):
    """Which picture was chosen, and all that are picked where several can be."""

    index: Picture
    picked: NotRequired[Annotated[list[Picture], Meta(max_length=picture_bytes.MAX_PICTURES)] | None]


def show(
    images: NDArray[np.uint8],
    key: str,
    *,
    label: str,
    columns: int | None = None,
    tile: int | None = None,
    selected: int | None = None,
    picked: Sequence[int] | None = None,
    row_names: Sequence[str] = (),
    row_titles: Sequence[str] = (),
    column_names: Sequence[str] = (),
    titles: Sequence[str] = (),
) -> Click | None:
    """Show pictures (N, C, H, W); returns the one chosen last, None as long as none was.

    Parameters
    ----------
    images
        At most `ui.components.picture_sheet.picture_bytes.MAX_PICTURES` of them; without any, a sentence is shown.
    label
        What the pictures are, for screen readers.
    columns
        Pictures in a row; None: as many as fit.
    tile
        Width of a picture in CSS pixels; None: what fits the width, from 20 to 112.
    selected
        The picture with the outline. While it and the images stay the same, the person's own choice is kept.
    picked
        Pictures with a tick, when any number can be picked: a click then adds or removes one. None: a click chooses.
        As long as the images stay the same, the person's own picks are kept; another `key` takes these over again.
    row_names, row_titles, column_names
        At the left, as the tooltips of these, and above.
    titles
        What each picture is called under the mouse; without: its number.
    """
    content = picture_bytes.pack(
        images,
        label=label,
        columns=columns,
        tile=tile,
        selected=selected,
        picked=picked,
        row_names=row_names,
        row_titles=row_titles,
        column_names=column_names,
        titles=titles,
    )
    result = _SHEET(data=content, key=key, on_click_change=lambda: None)
    return reports.event(
        result.click, Click, lambda click: max(click["index"], *(click.get("picked") or ()), 0) < len(images)
    )
