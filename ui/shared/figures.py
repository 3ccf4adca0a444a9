"""Arrays in, Plotly figures out. No streamlit: a figure can be drawn, tested and exported alone."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from ui.palette import CLASS_COLOURS, CLASS_SYMBOLS, UNKNOWN, VALUE_COLOURS

MAP_HEIGHT = 600
QUIET = {"displaylogo": False, "showTips": False}  # no notes of Plotly's own over a chart
STILL = QUIET | {"displayModeBar": False}  # charts to look at
# map-like handling: drag moves, the wheel zooms, double-click shows all
MOVING = QUIET | {"scrollZoom": True, "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"]}
ROOM = 0.05  # of the extent of a map, at each side
MOST_IN_LEGEND = 40  # classes: the legend of more would take the map's height, and a trace each makes zooming slow


@dataclass(frozen=True)
class Axis:
    """One axis of a map. `measured` axes have units worth reading; those of t-SNE have none."""

    title: str
    measured: bool = True


@dataclass(frozen=True)
class Groups:
    """What points are coloured by where it is not their class: `codes` (N,), int64, are colours as labels are, grey for
    −1. Where there are `names`, by code, the mouse shows the point's with the `title`.
    """

    codes: NDArray[np.int64]
    title: str = ""
    names: tuple[str, ...] = ()


def class_map(
    xy: NDArray[np.float32],
    labels: NDArray[np.int64],
    class_names: tuple[str, ...],
    axes: tuple[Axis, Axis],
    file_names: Sequence[str] | None = None,
    groups: Groups | None = None,
) -> go.Figure:
    """A scatter of all points (N, 2), one colour and one trace per class; row numbers ride in customdata, the class's
    name is the trace's meta.

    `file_names` (N,) are shown under the mouse. `groups`, where there are any, give the colours, not the classes.
    """
    figure = go.Figure()
    for rows, name in _by_class(labels, class_names):
        texts = _texts(rows, labels, (), file_names, groups)
        said = [*([] if texts is None else ["%{text}"]), *([f"class {literal(name)}"] if len(class_names) > 1 else [])]
        look = _look(labels[rows[0]] if groups is None else groups.codes[rows])
        _add_points(figure, xy, rows, look, texts, _hover("<br>".join(said)), name=literal(name), meta=name)
    return _as_map(figure, axes, xy)


def numbered(figure: go.Figure, rows: NDArray[np.int32]) -> go.Figure:
    """A map of some points, to which these row numbers (N,) are given."""
    for trace in figure.data:
        trace.customdata = rows[trace.customdata]
    return figure


def many_class_map(
    xy: NDArray[np.float32],
    labels: NDArray[np.int64],
    class_names: tuple[str, ...],
    axes: tuple[Axis, Axis],
    file_names: Sequence[str] | None = None,
    shown: Sequence[str] = (),
    groups: Groups | None = None,
) -> go.Figure:
    """As `class_map` for more classes than a legend can hold: one trace, no legend, and only the points of the classes
    in `shown` where there are any. A class keeps its colour and symbol.
    """
    rows = _rows_of(labels, class_names, shown)
    texts = _texts(rows, labels, class_names, file_names, groups)
    figure, look = go.Figure(), _look((labels if groups is None else groups.codes)[rows])
    _add_points(figure, xy, rows, look, texts, _hover("%{text}"), showlegend=False)
    return _as_map(figure, axes, xy)


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
    """A scatter of all points (N, 2) coloured by `values` (N,), grey where they are NaN; the outer 1 % on each side
    saturate. A trace per class, as in `class_map`, or one of the classes in `shown`, as in `many_class_map`; and one
    more of its points without a value.
    """
    known = np.isfinite(values)
    low, high = np.percentile(values[known], [1, 99]) if known.any() else (0.0, 1.0)
    figure = go.Figure()
    many = len(class_names) > MOST_IN_LEGEND
    traces = [(_rows_of(labels, class_names, shown), "")] if many else _by_class(labels, class_names)
    for rows, name in traces:
        for some in filter(len, (rows[~known[rows]], rows[known[rows]])):
            valued = bool(known[some[0]])
            look: dict[str, object] = {"color": UNKNOWN}
            if valued:
                look = {"color": values[some], "coloraxis": "coloraxis"}
            texts = _texts(some, labels, class_names, file_names)
            value = "%{marker.color:.4g}" if valued else "none"
            said = _hover("" if texts is None else "%{text}", f"<br>{literal(title)} {value}")
            _add_points(figure, xy, some, look, texts, said, meta=name)
    figure.update_layout(
        coloraxis={
            "cmin": float(low),
            "cmax": float(high),
            "colorscale": VALUE_COLOURS,
            "colorbar": {"title": {"text": literal(title), "side": "right"}, "thickness": 12, "outlinewidth": 0},
        }
    )
    return _as_map(figure, axes, xy)


def _add_points(
    figure: go.Figure,
    xy: NDArray[np.float32],
    rows: NDArray[np.int32],
    look: dict[str, object],
    texts: NDArray[np.str_] | None,
    hover: str,
    **about: object,
) -> None:
    """A trace of the points `rows` of (N, 2), with their rows as customdata; as large as all points allow."""
    figure.add_scattergl(
        x=xy[rows, 0],
        y=xy[rows, 1],
        customdata=rows,
        text=texts,
        mode="markers",
        marker=look | _marker(len(xy)),
        hovertemplate=hover,
        **about,
    )


def _look(labels: NDArray[np.int64]) -> dict[str, object]:
    """Colour and symbol of each class: another symbol for each round of the colours; a grey circle of −1."""
    colours, symbols = np.array(CLASS_COLOURS), np.array(CLASS_SYMBOLS)
    colour = np.where(labels < 0, UNKNOWN, colours[labels % len(colours)])
    symbol = np.where(labels < 0, CLASS_SYMBOLS[0], symbols[labels // len(colours) % len(symbols)])
    return (
        {"color": colour.item(), "symbol": symbol.item()} if colour.ndim == 0 else {"color": colour, "symbol": symbol}
    )


def _hover(said: str, after: str = "") -> str:
    """What the mouse shows of a point: `said`, its row, and what comes after."""
    return f"{f'{said} · ' if said else ''}row %{{customdata:,}}{after}<extra></extra>"


def _texts(
    rows: NDArray[np.int32],
    labels: NDArray[np.int64],
    class_names: tuple[str, ...],
    file_names: Sequence[str] | None,
    groups: Groups | None = None,
) -> NDArray[np.str_] | None:
    """File, group and class of each of these rows; a class that is the only one is not told."""
    parts: list[list[str]] = []
    if file_names is not None:
        parts.append([literal(file_names[row]) for row in rows])
    if groups is not None and groups.names:
        named = [f"{literal(groups.title)}: {literal(name)}" for name in (*groups.names, "none")]  # the last is −1
        parts.append([named[code] for code in groups.codes[rows]])
    if len(class_names) > 1:
        parts.append([f"class {literal(class_names[label])}" for label in labels[rows]])
    return np.array(["<br>".join(words) for words in zip(*parts, strict=True)]) if parts else None


def _by_class(labels: NDArray[np.int64], class_names: tuple[str, ...]) -> list[tuple[NDArray[np.int32], str]]:
    """The rows of each class that has any, and its name."""
    there = ((np.flatnonzero(labels == label).astype(np.int32), name) for label, name in enumerate(class_names))
    return [(rows, name) for rows, name in there if len(rows)]


def _rows_of(labels: NDArray[np.int64], class_names: tuple[str, ...], shown: Sequence[str]) -> NDArray[np.int32]:
    """The rows of the classes in `shown`, of all where there are none in it."""
    wanted = [label for label, name in enumerate(class_names) if not shown or name in shown]
    return np.flatnonzero(np.isin(labels, wanted)).astype(np.int32)


def literal(text: str) -> str:
    """`text` so that Plotly shows it as it is: no tags, no entities, no template variables."""
    return html.escape(text, quote=False).replace("%{", "%\u2060{")


def _marker(count: int) -> dict[str, float]:
    """Points small enough that a large set stays readable, large enough to be clicked in a small one."""
    return {"size": float(np.clip(60 / np.sqrt(max(count, 1)) + 3.2, 3.5, 8)), "opacity": 0.85}


def _as_map(figure: go.Figure, axes: tuple[Axis, Axis], xy: NDArray[np.float32]) -> go.Figure:
    horizontal, vertical = (_axis(axis, xy[:, i]) for i, axis in enumerate(axes))
    # for a title and numbers, as much as Streamlit has Plotly take in a second step where it is not given
    left, below = (54 if axes[1].measured else 26), (50 if axes[0].measured else 26)
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
        "title": {"text": literal(axis.title), "standoff": 8},
        "showticklabels": axis.measured,
        "zeroline": axis.measured,
        "showgrid": True,
        # the same whatever is hidden; a fixed range would only ever grow while a window changes its size
        "autorangeoptions": {"include": _with_room([float(values.min()), float(values.max())])},
    }


def _with_room(values: Sequence[float]) -> list[float]:
    """The ends of these values and some room at both, or a point at the end would be cut in half."""
    low, high = min(values), max(values)
    return [low - ROOM * (high - low), high + ROOM * (high - low)]


def widen(figure: go.Figure, place: tuple[float, float]) -> None:
    """Have a map show this place, too."""
    for axis, value in zip((figure.layout.xaxis, figure.layout.yaxis), place, strict=True):
        low, high = axis.autorangeoptions.include
        if not low <= value <= high:
            axis.autorangeoptions.include = _with_room([low, high, value])
