"""One own image in latent space, a Streamlit component whose front end is the files beside this one.

It is drawn, dropped, pasted, opened or photographed, and encoded in the page: the encoder (`model_store.store_encoder`)
and the small images (`image_sheet`) are found there by name, as the model is.
"""

from __future__ import annotations

from typing import Any, TypedDict

import streamlit as st

from ui.components import assets, reports
from ui.components.reach import ReachData

_TOOL = st.components.v2.component(
    "own_image",
    html=assets.text("own_image/tool.html"),
    css=assets.text("shared/base.css", "shared/range.css", "shared/help.css", "own_image/tool.css"),
    js=assets.script("own_image/tool.js"),
)


class OwnImage(reports.Event):
    """The posterior mean of what is on the canvas, None for nothing; and the row whose image is wanted there."""

    mean: reports.Numbers | None
    wanted: reports.Row | None


class ReadingData(TypedDict):
    """How the model's images were read: the colour behind transparent pixels, the values that are black and white, and
    what became of those of another aspect ratio.
    """

    background: str
    values: list[float] | None
    fit: str


class OwnImageData(TypedDict):
    """What the tool shows; plain values only.

    `fingerprint` names the model, `encoder` its encoder, `sheet_of` the data set's small images (None without any). Of
    `count` images the first `tests` are test images, which numbers are compared with. `paper` is the colour of an empty
    canvas, a byte a channel. `original` is the image of the row that was wanted.
    """

    fingerprint: str
    encoder: str
    sheet_of: str | None
    image_shape: list[int]
    class_names: list[str]
    latent_dim: int
    count: int
    tests: int
    paper: list[int]
    reading: ReadingData
    reach: ReachData | None
    map: dict[str, Any]
    original: dict[str, Any] | None
    terms: dict[str, str]


def show(data: OwnImageData, key: str) -> OwnImage | None:
    """Show the tool; returns what was on its canvas when the last stroke ended, None as long as there was none."""
    result = _TOOL(data=dict(data), key=key, on_view_change=lambda: None)
    return view_of(result.view, data["latent_dim"], data["count"])


def view_of(value: object, latent_dim: int, count: int) -> OwnImage | None:
    """What the page sent, if it is a vector of this latent space, or none, and one of `count` rows, or none."""

    def fits(view: OwnImage) -> bool:
        mean, wanted = view["mean"], view["wanted"]
        return (mean is None or len(mean) == latent_dim) and (wanted is None or wanted < count)

    return reports.event(value, OwnImage, fits)
