"""The charts of a training run. No streamlit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from ui import palette
from vae.training.diagnostics.evidence import INFORMATIVE, EvidenceRow
from vae.training.run_folder.history import EpochRow

HEIGHT = 400
MAX_POINTS = 400  # of a line: more can't be told apart and only take time to send
MANY_EPOCHS = 40  # markers of more run into each other
SPLITS = {"validation": "solid", "train": "dash"}
COLOURED = 7  # dimensions with a colour of their own


@dataclass(frozen=True)
class Quantity:
    """One quantity of the learning curves, in the upper or the lower part of the chart; lower is better in both."""

    name: str
    colour: str
    part: int
    value: Callable[[EvidenceRow, str], float]


LOSS = Quantity("loss", palette.ACCENT, 1, EvidenceRow.loss)
RECONSTRUCTION = Quantity("reconstruction error", palette.RECONSTRUCTION, 1, EvidenceRow.reconstruction)
KL = Quantity("KL", palette.KL, 2, EvidenceRow.kl)
BASELINE = "independent pixels"


def learning_curves(rows: list[EpochRow], epochs: int, objective: str = "elbo") -> go.Figure:
    """Loss and reconstruction error above, KL below, over the same epochs; solid is validation, dashed is train.

    The axis reaches to `epochs`. An autoencoder's loss is its reconstruction error. What independent pixels reach is a
    dotted line.
    """
    with_kl = objective != "autoencoder"
    quantities = (LOSS, RECONSTRUCTION, KL) if with_kl else (LOSS,)
    shown = [EvidenceRow(row, objective) for row in _thinned(rows)]
    heights = [2, 1] if with_kl else [1]
    figure = make_subplots(len(heights), 1, shared_xaxes=True, vertical_spacing=0.06, row_heights=heights)
    for quantity in quantities:
        for split, dash in SPLITS.items():
            _add_curve(figure, shown, quantity, split, dash)
    _add_baseline(figure, shown)
    for split, dash in SPLITS.items():  # what solid and dashed mean
        line = {"color": palette.QUIET, "width": 2, "dash": dash}
        figure.add_scatter(x=[None], y=[None], mode="lines", name=split, line=line, row=1, col=1)
    _lay_out(figure, rows, epochs, HEIGHT if with_kl else HEIGHT - 90)
    figure.update_yaxes(title_text="nats (lower is better)", row=1, col=1)
    seen = np.array([q.value(row, split) for q in quantities if q.part == 1 for split in SPLITS for row in shown])
    if window := _window(seen[np.isfinite(seen)]):
        figure.update_yaxes(range=[window.low, window.high], row=1, col=1)
    figure.update_xaxes(title_text="epoch", row=len(heights), col=1)
    if with_kl:
        figure.update_yaxes(title_text="KL, nats", rangemode="tozero", row=2, col=1)
    return figure


@dataclass(frozen=True)
class RunCurve:
    """One run of several: its model's name, its history and what it was trained for."""

    name: str
    rows: list[EpochRow]
    objective: str


def compared(runs: list[RunCurve]) -> go.Figure:
    """The validation loss of each run over its epochs, a colour each; dashed once the colours are used up."""
    figure = go.Figure()
    for i, run in enumerate(runs):
        shown = [EvidenceRow(row, run.objective) for row in _thinned(run.rows)]
        points = [row for row in shown if np.isfinite(row.loss("validation"))]
        colours = palette.LINE_COLOURS
        figure.add_scatter(
            x=_epochs(points),
            y=np.array([row.loss("validation") for row in points], np.float32),
            mode="lines+markers" if len(points) <= MANY_EPOCHS else "lines",
            name=run.name,
            line={"color": colours[i % len(colours)], "width": 2, "dash": "dash" if i >= len(colours) else "solid"},
            marker={"size": 4},
            hovertemplate="epoch %{x}: %{y:.2f} nats",
        )
    _lay_out(figure, max((run.rows for run in runs), key=lambda rows: rows[-1]["epoch"], default=[]), 0, HEIGHT - 60)
    figure.update_layout(showlegend=True)
    figure.update_yaxes(title_text="validation loss, nats")
    figure.update_xaxes(title_text="epoch")
    seen = np.concatenate([np.asarray(trace.y, np.float64) for trace in figure.data])
    if window := _window(seen):
        figure.update_yaxes(range=[window.low, window.high])
    return figure


def _add_curve(figure: go.Figure, rows: list[EvidenceRow], quantity: Quantity, split: str, dash: str) -> None:
    points = [row for row in rows if np.isfinite(quantity.value(row, split))]
    figure.add_scatter(
        x=_epochs(points),
        y=np.array([quantity.value(row, split) for row in points], np.float32),
        mode="lines+markers" if split == "validation" and len(points) <= MANY_EPOCHS else "lines",
        name=quantity.name if split == "validation" else f"{quantity.name} (train)",
        legendgroup=quantity.name,
        showlegend=split == "validation",
        line={"color": quantity.colour, "width": 2 if split == "validation" else 1.6, "dash": dash},
        marker={"size": 4},
        hovertemplate=f"{quantity.name}, {split}, epoch %{{x}}: %{{y:.2f}} nats<extra></extra>",
        row=quantity.part,
        col=1,
    )


def _add_baseline(figure: go.Figure, rows: list[EvidenceRow]) -> None:
    points = [row for row in rows if np.isfinite(row.baseline("validation"))]
    if points:
        figure.add_scatter(
            x=_epochs(points),
            y=np.array([row.baseline("validation") for row in points], np.float32),
            mode="lines",
            name=BASELINE,
            line={"color": palette.CHANCE, "width": 1.6, "dash": "dot"},
            hovertemplate=f"{BASELINE}: %{{y:.2f}} nats<extra></extra>",
            row=1,
            col=1,
        )


def _epochs(rows: list[EvidenceRow]) -> NDArray[np.float32]:
    return np.array([row.row["epoch"] for row in rows], np.float32)


def kl_per_dimension(rows: list[EpochRow], epochs: int) -> go.Figure:
    """KL of every latent dimension over epochs: the most informative ones in colour, the others grey."""
    shown = _thinned(rows)
    kl = per_dimension(shown)  # (epochs, d)
    done = np.array([row["epoch"] for row in shown], np.float32)
    chosen = coloured_dimensions(kl)
    others = [j for j in range(kl.shape[1]) if j not in chosen]
    figure = go.Figure()
    if others:
        gap = np.full((1, len(others)), np.nan, np.float32)  # one trace for all of them: a line ends at a NaN
        figure.add_scatter(
            x=np.tile(np.append(done, np.nan), len(others)),
            y=np.concatenate([kl[:, others], gap]).T.ravel(),
            mode="lines",
            name=f"z{others[0]}" if len(others) == 1 else f"{len(others)} others",
            line={"color": palette.QUIET, "width": 1},
            opacity=0.7,
            hoverinfo="skip",
        )
    for j, colour in zip(chosen, palette.LINE_COLOURS, strict=False):
        figure.add_scatter(
            x=done,
            y=kl[:, j],
            mode="lines+markers" if len(done) == 1 else "lines",
            name=f"z{j}",
            line={"color": colour, "width": 2},
            hovertemplate=f"z{j}, epoch %{{x}}: %{{y:.2f}} nats<extra></extra>",
        )
    _lay_out(figure, rows, epochs, HEIGHT)
    figure.update_yaxes(title_text="KL per dimension, nats (validation)", rangemode="tozero")
    figure.update_xaxes(title_text="epoch")
    return figure


def per_dimension(rows: list[EpochRow]) -> NDArray[np.float32]:
    """kl_0, kl_1, … of every row, (epochs, d); what a row lacks is NaN."""
    d = 0
    while rows and f"kl_{d}" in rows[-1]:
        d += 1
    return np.array([[row.get(f"kl_{j}", np.nan) for j in range(d)] for row in rows], np.float32).reshape(len(rows), d)


def coloured_dimensions(kl: NDArray[np.float32]) -> list[int]:
    """The most informative dimensions after the newest epoch, in their own order so that colours seldom change."""
    newest = np.nan_to_num(kl[-1]) if len(kl) else np.zeros(0, np.float32)
    best = np.argsort(-newest, kind="stable")[:COLOURED]
    return sorted(int(j) for j in best if newest[j] >= INFORMATIVE)


@dataclass(frozen=True)
class Window:
    """What an axis shows."""

    low: float
    high: float


def _window(values: NDArray[np.float64]) -> Window | None:
    """A window without the worst epochs, where these would flatten all others; None where nothing needs cutting."""
    if len(values) < 20:
        return None
    low, middle, high = np.percentile(values, [0, 50, 95])
    ceiling = high + 0.5 * (high - low)
    if values.max() <= ceiling or low >= middle:
        return None
    return Window(float(low - 0.05 * (ceiling - low)), float(ceiling))


def _thinned(rows: list[EpochRow]) -> list[EpochRow]:
    """At most MAX_POINTS rows, evenly, always with the newest."""
    if len(rows) <= MAX_POINTS:
        return rows
    chosen = np.unique(np.linspace(0, len(rows) - 1, MAX_POINTS).round().astype(int))
    return [rows[i] for i in chosen]


def _lay_out(figure: go.Figure, rows: list[EpochRow], epochs: int, height: int) -> None:
    last = max(epochs, int(rows[-1]["epoch"]) if rows else 1, 2)
    figure.update_layout(
        height=height,
        margin={"l": 60, "r": 8, "t": 8, "b": 40},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "title": {"text": ""}},
        hovermode="closest",
    )
    figure.update_xaxes(range=[0, last * 1.02], tickformat=",d")
