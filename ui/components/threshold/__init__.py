"""A histogram of scores with a threshold to drag, a Streamlit component; its front end is the .js, .css and .html here.

While it is dragged the counts are read off the scores in the page, so they are exact and nothing is asked of the
server; where it is let go is an event.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
import streamlit as st

from ui.components import assets, reports
from ui.components.threshold.histogram import ScoreGroup, histogram
from vae.storage.schema import number

FARTHEST = float(np.finfo(np.float32).max)  # scores are float32

_THRESHOLD = st.components.v2.component(
    "score_threshold",
    html=assets.text("threshold/threshold.html"),
    css=assets.text("shared/base.css", "threshold/threshold.css"),
    js=assets.script("threshold/threshold.js"),
)


class Setting(reports.Event):
    """Where the threshold was let go."""

    threshold: Annotated[float, number(-FARTHEST, FARTHEST)]


def show(groups: Sequence[ScoreGroup], threshold: float, key: str, *, label: str, revision: int = 0) -> Setting | None:
    """Show scores by group; returns where the person has put the threshold last, None as long as they have not.

    `threshold` is taken over when `revision` or the scores differ from before; otherwise the person's own is kept.
    """
    result = _THRESHOLD(data=histogram(groups, threshold, label, revision), key=key, on_setting_change=lambda: None)
    return reports.event(result.setting, Setting, lambda _: True)
