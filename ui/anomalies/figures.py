"""Charts of the Anomalies page: arrays in, Plotly figures out."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from ui.palette import ACCENT, CHANCE, UNKNOWN
from vae.anomalies.evaluation.metrics import Curve

HEIGHT = 300


def roc(curve: Curve, at: tuple[float, float] | None) -> go.Figure:
    """Recall over the false-alarm rate; `at` marks the threshold."""
    figure = _figure("false-alarm rate", "recall")
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line={"color": CHANCE, "dash": "dot"}, hoverinfo="skip")
    return _with(figure, curve, at, "linear")


def precision_recall(curve: Curve, at: tuple[float, float] | None, outlier_share: float) -> go.Figure:
    """Precision over recall; by chance precision is the share of outliers."""
    figure = _figure("recall", "precision")
    figure.add_hline(y=outlier_share, line={"color": CHANCE, "dash": "dot"})
    return _with(figure, curve, at, "vh")


def _figure(x: str, y: str) -> go.Figure:
    figure = go.Figure()
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 48, "r": 12, "t": 8, "b": 40},
        showlegend=False,
        xaxis={"title": {"text": x}, "range": [-0.02, 1.02]},
        yaxis={"title": {"text": y}, "range": [-0.02, 1.02]},
    )
    return figure


def _with(figure: go.Figure, curve: Curve, at: tuple[float, float] | None, shape: str) -> go.Figure:
    figure.add_scatter(
        x=curve.x,
        y=curve.y,
        customdata=curve.threshold,
        mode="lines",
        line={"color": ACCENT, "width": 2, "shape": shape},
        hovertemplate="%{x:.3f}, %{y:.3f}<br>threshold %{customdata:.4g}<extra></extra>",
    )
    if at is not None:
        figure.add_scatter(
            x=[at[0]],
            y=[at[1]],
            mode="markers",
            marker={"size": 11, "color": ACCENT, "line": {"color": "white", "width": 2}},
            hovertemplate="the threshold: %{x:.3f}, %{y:.3f}<extra></extra>",
        )
    return figure


def behind(figure: go.Figure, xy: NDArray[np.float32]) -> go.Figure:
    """The same map with points (N, 2) in grey behind those that it has; they can't be chosen."""
    figure.add_scattergl(
        x=xy[:, 0],
        y=xy[:, 1],
        mode="markers",
        showlegend=False,
        hoverinfo="skip",
        marker={"color": UNKNOWN, "size": 3.5, "opacity": 0.35},
    )
    figure.data = (figure.data[-1], *figure.data[:-1])
    return figure
