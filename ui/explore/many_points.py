"""What the page draws a map's points by: until Plotly is there, and where they are too many for it. No streamlit.

Plotly's WebGL scatter looks at every point for every hover, and its figure carries each of them as text. Its script
takes a second to be read.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

import numpy as np
import plotly.colors
import plotly.graph_objects as go
from numpy.typing import NDArray

from ui.palette import QUIET, VALUE_COLOURS

MOST = 50_000  # points in a figure of Plotly's
NONE = 255  # the code of an image that is not on the map
STEPS = 200  # colours of a scale; with those of classes and of images without a value they stay below NONE


@dataclass(frozen=True)
class PointCloud:
    """How the points look, each by its image's row: `codes` (N,) uint8 are places in `palette`, or NONE; `traces` (N,)
    uint8 are those of the figure."""

    codes: NDArray[np.uint8]
    traces: NDArray[np.uint8]
    palette: tuple[str, ...]


@dataclass(frozen=True)
class MapFigure:
    """A map's figure, its points, and whether the figure holds them."""

    figure: go.Figure
    cloud: PointCloud
    in_figure: bool


def split(figure: go.Figure, placed: int) -> MapFigure:
    """The figure as it is, or, of more than MOST points, without them; `placed` images are on the map."""
    codes, traces = np.full(placed, NONE, np.uint8), np.zeros(placed, np.uint8)
    palette: list[str] = []
    for number, trace in enumerate(figure.data):
        rows = np.asarray(trace.customdata)
        codes[rows] = _codes(trace.marker.color, figure.layout.coloraxis, palette)
        traces[rows] = number
    cloud = PointCloud(codes, traces, tuple(palette))
    in_figure = sum(len(trace.x) for trace in figure.data) <= MOST
    return MapFigure(figure if in_figure else _without_points(figure), cloud, in_figure)


def as_text(numbers: NDArray[np.uint8]) -> str:
    """Bytes as base64."""
    return base64.b64encode(numbers.tobytes()).decode("ascii")


def _codes(colour: object, scale: go.layout.Coloraxis, palette: list[str]) -> NDArray[np.uint8] | int:
    """The places of these colours in `palette`, into which new ones are put."""
    if isinstance(colour, str):
        return _place(colour, palette)
    values = np.asarray(colour)
    if values.dtype.kind not in "fiu":
        names, places = np.unique(values.astype(str), return_inverse=True)
        return np.array([_place(str(name), palette) for name in names], np.uint8)[places]
    steps = plotly.colors.sample_colorscale([list(stop) for stop in VALUE_COLOURS], np.linspace(0, 1, STEPS))
    ramp = np.array([_place(_hex(step), palette) for step in steps], np.uint8)
    reach = (scale.cmax - scale.cmin) or 1.0
    share = np.clip((values - scale.cmin) / reach, 0, 1)
    known = np.isfinite(share)
    return np.where(known, ramp[np.where(known, share * (STEPS - 1), 0).round().astype(int)], _place(QUIET, palette))


def _place(colour: str, palette: list[str]) -> int:
    if colour not in palette:
        palette.append(colour)
    return palette.index(colour)


def _hex(colour: str) -> str:
    """`rgb(1.0, 2.0, 3.0)` as #010203."""
    return "#{:02x}{:02x}{:02x}".format(*(round(part) for part in plotly.colors.unlabel_rgb(colour)))


def _without_points(figure: go.Figure) -> go.Figure:
    """Axes, colour bar and traces by which classes are hidden, and of each only the corners of the map, which nobody
    sees: Plotly finds the ranges of axes in points alone."""
    across, up = ([float(end(end(trace[axis]) for trace in figure.data)) for end in (min, max)] for axis in ("x", "y"))
    empty = go.Figure(layout=figure.layout)
    for trace in figure.data:
        scaled = {"coloraxis": "coloraxis", "color": [0, 0]} if trace.marker.coloraxis else {}
        empty.add_scatter(
            x=across,
            y=up,
            mode="markers",
            marker={"opacity": 0, "size": trace.marker.size, **scaled},
            hoverinfo="skip",
            name=trace.name,
            meta=trace.meta,
        )
    return empty
