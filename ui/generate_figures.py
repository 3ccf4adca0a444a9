"""Charts of the Generate page: arrays in, Plotly figures out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from vae.generation.interpolation import Typical

HEIGHT = 190
LINE, BAND = "#0f8f84", "rgba(148, 164, 162, 0.22)"


def distance_line(
    t: NDArray[np.float64], distance: NDArray[np.float64], typical: Typical, ticks: Sequence[str]
) -> go.Figure:
    """Distance to the nearest image along a way (S,), over the band where 95 % of images are from each other."""
    figure = go.Figure()
    figure.add_hrect(y0=0, y1=typical.p95, fillcolor=BAND, line_width=0, layer="below")
    figure.add_hline(y=typical.median, line={"color": "#94a4a2", "dash": "dot", "width": 1})
    figure.add_scatter(
        x=t.astype(np.float32),
        y=distance.astype(np.float32),
        mode="lines+markers",
        line={"color": LINE, "width": 2},
        marker={"size": 5},
        hovertemplate="t = %{x:.2f}: %{y:.2f} from the nearest image<extra></extra>",
    )
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 48, "r": 12, "t": 8, "b": 8},
        showlegend=False,
        hovermode="closest",
        xaxis={"tickvals": list(range(len(ticks))), "ticktext": [_short(tick) for tick in ticks], "showgrid": False},
        yaxis={"title": {"text": "distance", "standoff": 4}, "rangemode": "tozero"},
    )
    return figure


def _short(text: str) -> str:
    plain = text if len(text) <= 18 else text[:17] + "…"
    return plain.replace("&", "&amp;").replace("<", "&lt;")
