"""Charts of the Generate page: arrays in, Plotly figures out."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from ui.palette import ACCENT, BAND

HEIGHT = 200


def distance_line(
    t: NDArray[np.float64], distance: NDArray[np.float64], limit: float, ticks: Sequence[str]
) -> go.Figure:
    """Distance to the nearest image along a way (S,), over the band up to `limit`, where images are, if any."""
    figure = go.Figure()
    highest = float(distance.max(initial=0))
    if math.isfinite(limit):
        figure.add_hrect(y0=0, y1=limit, fillcolor=BAND, line_width=0, layer="below")
        highest = max(highest, limit)  # it is always seen
    figure.add_scatter(
        x=t.astype(np.float32),
        y=distance.astype(np.float32),
        mode="lines+markers",
        line={"color": ACCENT, "width": 2},
        marker={"size": 5},
        hovertemplate="t = %{x:.2f}: %{y:.2f} from the nearest image<extra></extra>",
    )
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 64, "r": 64, "t": 8, "b": 32},
        showlegend=False,
        hovermode="closest",
        xaxis={
            "tickvals": list(range(len(ticks))),
            "ticktext": [_short(tick) for tick in ticks] if len(ticks) < 4 else _in_two_rows(ticks),
            "tickangle": 0,
            "ticklabeloverflow": "allow",
            "showgrid": False,
        },
        yaxis={
            "title": {"text": "distance, latent units", "standoff": 12},
            "range": [0, 1.12 * highest],
        },
    )
    return figure


def _in_two_rows(ticks: Sequence[str]) -> list[str]:
    """Every second one is a row lower, so that neighbours don't touch."""
    return [("<br>" if i % 2 else "") + _short(tick) for i, tick in enumerate(ticks)]


def _short(text: str) -> str:
    plain = text if len(text) <= 18 else text[:17] + "…"
    return plain.replace("&", "&amp;").replace("<", "&lt;")
