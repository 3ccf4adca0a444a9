"""A scrubber along a path in latent space, a Streamlit component whose front end is the files beside this one.

Every picture on the way is decoded in the page, with the weights that `model_store.store` has brought, or by the
server; where the person stops is an event.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

import streamlit as st

from ui.components import assets, reports
from ui.components.model_store.live_data import LiveData
from ui.components.reach import ReachData
from vae.storage.schema import Finite

ROUNDING = 1e-6  # of t, in JavaScript

_SCRUB = st.components.v2.component(
    "latent_scrub",
    html=assets.text("scrubber/scrub.html"),
    css=assets.text("shared/base.css", "shared/range.css", "scrubber/scrub.css"),
    js=assets.script("scrubber/scrub.js"),
)


class AnchorPath(TypedDict):
    """From anchor to anchor (A, d); t goes from 0 to A - 1 and is whole at the anchors."""

    kind: Literal["lerp", "slerp"]
    anchors: list[list[float]]


class LinePath(TypedDict):
    """z = base + t · step, with t from low to high."""

    kind: Literal["line"]
    base: list[float]
    step: list[float]
    low: float
    high: float


class ScrubData(LiveData):
    """What the scrubber shows; plain values only.

    `fingerprint` names the model (`browser_model.fingerprint`). `t` is taken over when `revision` or the model
    differs from before; otherwise the person's own place is kept, inside the path. `ends` are the texts at both ends
    of the slider, `unit` follows the number, `names` are the anchors' (ticks under the slider at t = 0, 1, …). `reach`
    says in which dimensions the nearest image is searched for; in all without it.
    """

    fingerprint: str
    image_shape: list[int]
    class_names: list[str]
    path: AnchorPath | LinePath
    t: float
    ends: list[str]
    unit: str
    reach: ReachData | None
    revision: int
    names: NotRequired[list[str]]


class Stop(reports.Event):
    """Where the person has stopped."""

    t: Finite


def show(data: ScrubData, key: str) -> Stop | None:
    """Show the scrubber; returns where the person has stopped last, None as long as they have not moved."""
    result = _SCRUB(data=dict(data), key=key, on_stop_change=lambda: None)
    return reports.event(result.stop, Stop, lambda stop: _reaches(data["path"], stop["t"]))


def _reaches(path: AnchorPath | LinePath, t: float) -> bool:
    low, high = (path["low"], path["high"]) if path["kind"] == "line" else (0.0, float(len(path["anchors"]) - 1))
    return low - ROUNDING <= t <= high + ROUNDING
