"""Arrays in, Plotly figures out. No streamlit: a figure can be drawn, tested and exported alone."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from ui.palette import CLASS_COLOURS, CLASS_SYMBOLS, VALUE_COLOURS

MAP_HEIGHT = 600
MOST_IN_LEGEND = 40  # classes: the legend of more would take the map's height, and a trace each makes zooming slow


@dataclass(frozen=True)
class Axis:
    """One axis of a map. `measured` axes have units worth reading; those of t-SNE have none."""

    title: str
    measured: bool = True


def class_map(
    xy: NDArray[np.float32],
    labels: NDArray[np.int64],
    class_names: tuple[str, ...],
    axes: tuple[Axis, Axis],
    file_names: Sequence[str] | None = None,
) -> go.Figure:
    """A scatter of all points (N, 2), one colour and one trace per class; row numbers ride in customdata, the class's
    name is the trace's meta.

    `file_names` (N,) are shown under the mouse.
    """
    figure = go.Figure()
    rows = np.arange(len(xy), dtype=np.int32)
    texts = None if file_names is None else np.array([_literal(name) for name in file_names])
    for i, name in enumerate(class_names):
        chosen = labels == i
        if not chosen.any():
            continue
        figure.add_scattergl(
            x=xy[chosen, 0],
            y=xy[chosen, 1],
            customdata=rows[chosen],
            text=None if texts is None else texts[chosen],
            mode="markers",
            name=_literal(name),
            meta=name,
            marker={
                "color": CLASS_COLOURS[i % len(CLASS_COLOURS)],
                "symbol": CLASS_SYMBOLS[i // len(CLASS_COLOURS) % len(CLASS_SYMBOLS)],
                **_marker(len(xy)),
            },
            hovertemplate=f"{'' if texts is None else '%{text}<br>'}class {_literal(name)} · row %{{customdata:,}}"
            "<extra></extra>",
        )
    return _as_map(figure, axes, xy)


def many_class_map(
    xy: NDArray[np.float32],
    labels: NDArray[np.int64],
    class_names: tuple[str, ...],
    axes: tuple[Axis, Axis],
    file_names: Sequence[str] | None = None,
    shown: Sequence[str] = (),
) -> go.Figure:
    """As `class_map` for more classes than a legend can hold: one trace, no legend, and only the points of the classes
    in `shown` where there are any. A class keeps its colour and symbol.
    """
    rows = _rows_of(labels, class_names, shown)
    of_rows = labels[rows]
    figure = go.Figure()
    figure.add_scattergl(
        x=xy[rows, 0],
        y=xy[rows, 1],
        customdata=rows,
        text=_texts(rows, labels, class_names, file_names),
        mode="markers",
        showlegend=False,
        marker={
            "color": np.array(CLASS_COLOURS)[of_rows % len(CLASS_COLOURS)],
            "symbol": np.array(CLASS_SYMBOLS)[of_rows // len(CLASS_COLOURS) % len(CLASS_SYMBOLS)],
            **_marker(len(xy)),
        },
        hovertemplate="%{text} · row %{customdata:,}<extra></extra>",
    )
    return _as_map(figure, axes, xy)


def _texts(
    rows: NDArray[np.int32], labels: NDArray[np.int64], class_names: tuple[str, ...], file_names: Sequence[str] | None
) -> NDArray[np.str_]:
    """What the mouse shows of these rows."""
    classes = [f"class {_literal(name)}" for name in class_names]
    if file_names is None:
        return np.array(classes)[labels[rows]]
    return np.array([f"{_literal(file_names[row])}<br>{classes[labels[row]]}" for row in rows])


def value_map(
    xy: NDArray[np.float32],
    values: NDArray[np.float32],
    labels: NDArray[np.int64],
    class_names: tuple[str, ...],
    title: str,
    axes: tuple[Axis, Axis],
    file_names: Sequence[str] | None = None,
    shown: Sequence[str] = (),
) -> go.Figure:
    """A scatter of all points (N, 2) coloured by `values` (N,); the outer 1 % on each side saturate. A trace per class,
    as in `class_map`, or one of the classes in `shown`, as in `many_class_map`.
    """
    low, high = np.percentile(values, [1, 99])
    figure = go.Figure()
    for rows, name in _traces(labels, class_names, shown):
        figure.add_scattergl(
            x=xy[rows, 0],
            y=xy[rows, 1],
            customdata=rows,
            text=_texts(rows, labels, class_names, file_names),
            mode="markers",
            meta=name,
            marker={"color": values[rows], "coloraxis": "coloraxis", **_marker(len(xy))},
            hovertemplate=f"%{{text}} · row %{{customdata:,}}<br>{title} %{{marker.color:.4g}}<extra></extra>",
        )
    figure.update_layout(
        coloraxis={
            "cmin": float(low),
            "cmax": float(high),
            "colorscale": VALUE_COLOURS,
            "colorbar": {"title": {"text": title, "side": "right"}, "thickness": 12, "outlinewidth": 0},
        }
    )
    return _as_map(figure, axes, xy)


def _traces(
    labels: NDArray[np.int64], class_names: tuple[str, ...], shown: Sequence[str]
) -> list[tuple[NDArray[np.int32], str]]:
    """The rows of each trace and its class's name; of more classes than a legend can hold one trace without a name."""
    if len(class_names) > MOST_IN_LEGEND:
        return [(_rows_of(labels, class_names, shown), "")]
    there = ((np.flatnonzero(labels == label).astype(np.int32), name) for label, name in enumerate(class_names))
    return [(rows, name) for rows, name in there if len(rows)]


def _rows_of(labels: NDArray[np.int64], class_names: tuple[str, ...], shown: Sequence[str]) -> NDArray[np.int32]:
    """The rows of the classes in `shown`, of all where there are none in it."""
    wanted = [label for label, name in enumerate(class_names) if not shown or name in shown]
    return np.flatnonzero(np.isin(labels, wanted)).astype(np.int32)


def _literal(text: str) -> str:
    """`text` so that Plotly shows it as it is: no tags, no entities, no template variables."""
    return html.escape(text, quote=False).replace("%{", "%\u2060{")


def _marker(count: int) -> dict[str, float]:
    """Points small enough that a large set stays readable, large enough to be clicked in a small one."""
    return {"size": float(np.clip(60 / np.sqrt(max(count, 1)) + 3.2, 3.5, 8)), "opacity": 0.85}


def _as_map(figure: go.Figure, axes: tuple[Axis, Axis], xy: NDArray[np.float32]) -> go.Figure:
    horizontal, vertical = (_axis(axis, xy[:, i]) for i, axis in enumerate(axes))
    left, below = (54 if axes[1].measured else 8), (46 if axes[0].measured else 8)  # numbers, and below them the title
    figure.update_layout(
        height=MAP_HEIGHT,
        margin={"l": left, "r": 34, "t": 8, "b": below},  # on the right the mode bar has its place
        dragmode="pan",
        hovermode="closest",
        showlegend=False,  # a page has its own, for the keyboard too
        modebar={"orientation": "v"},
        xaxis=horizontal,
        # one unit is as long up as across, otherwise distances on the map would lie
        yaxis=vertical | {"scaleanchor": "x", "scaleratio": 1},
    )
    return figure


def _axis(axis: Axis, values: NDArray[np.float32]) -> dict[str, object]:
    return {
        "title": {"text": axis.title, "standoff": 8},
        "showticklabels": axis.measured,
        "zeroline": axis.measured,
        "showgrid": True,
        # the same whatever is hidden; a fixed range would only ever grow while a window changes its size
        "autorangeoptions": {"include": [float(values.min()), float(values.max())]},
    }


def widen(figure: go.Figure, place: tuple[float, float]) -> None:
    """Have a map show this place, too."""
    for axis, value in zip((figure.layout.xaxis, figure.layout.yaxis), place, strict=True):
        axis.autorangeoptions.include = [*axis.autorangeoptions.include, value]
