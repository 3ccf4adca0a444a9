"""The map in three dimensions. It is imported once it is chosen."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from ui.components import events, space_mark
from ui.components.model_store import browser_model
from ui.explore import latent_map, map_quality, map_words, shown_images
from ui.explore.colouring import colourings
from ui.explore.colouring.colourings import Values
from ui.explore.latent_map import CHART_KEY, MapChoice
from ui.explore.shown_images import OnMap
from ui.explore.space import coordinates, dimensions
from ui.explore.space.coordinates import Coordinates
from ui.explore.state import STATE
from ui.palette import ACCENT
from ui.shared import figures, page, terms
from ui.shared.figures import Groups
from vae.checkpoints import metrics

MOST = 20_000  # points: without a graphics card more take seconds to turn
EYE = 1.25  # how far from a cube's middle Plotly has its eye, along each axis
SMALLER = 0.55  # than on the flat map: there is depth to see through
HOW = (
    "Drag turns the map, the wheel comes nearer, and a click selects an image. A ring is where you are, with a shadow "
    "on each wall. A unit is as long in each direction. What needs a place under the pointer is of the map in two "
    "dimensions: decoding anywhere, lasso and box, pictures and the other layers. t-SNE and UMAP are of two "
    "dimensions: a fit in three would take as long again."
)


def show(on_map: OnMap, choice: MapChoice, bar: DeltaGenerator) -> None:
    """The chart, which is sent again only when it is another one."""
    axes = _coordinates(on_map, choice, bar)
    latent_map.colour_legend(on_map, choice)
    fingerprint = browser_model.fingerprint(on_map.shown, on_map.maps)
    names = shown_images.file_names(on_map)
    given = (fingerprint, choice, axes.titles, hash(names), colourings.stamp(on_map, choice.colour))
    key = f"space-{on_map.shown.identity[:16]}"
    # what the page reported lies in the session before it is drawn again
    leaving = space_mark.leaving_of(st.session_state.get(key, {}).get("leaving"))
    if leaving is not None and events.is_new(key, leaving["id"]):
        dimensions.put("2")
        st.rerun()
    space_mark.show(
        {
            "chart_key": CHART_KEY,
            "fingerprint": fingerprint,
            "mean": axes.mean.tolist(),
            "axes": axes.axes.tolist(),
        },
        key,
    )
    with st.container(key=CHART_KEY):
        st.plotly_chart(
            _figure(given, on_map, names, axes),
            key="map_space",
            on_select="ignore",
            config=figures.MOVING,
            alt=f"Three dimensions: {latent_map.title(on_map, choice)}",
            height="stretch",
        )


def say(on_map: OnMap, choice: MapChoice) -> None:
    """What is shown, in one line; the rest behind its "?"."""
    every, rows = len(latent_map.rows_of(on_map, choice)), len(_rows(on_map, choice))
    counted = map_words.counted(on_map, choice.method, choice.images, latent_map.drawn_count(on_map, choice))
    said = [counted, *([f"{rows:,} of them drawn"] if rows < every else [])]
    sample = f"Of more than {MOST:,} images a sample is drawn (seed 0)." if rows < every else ""
    words = f"{terms.LATENT_MAP} {map_words.AT_MEAN} {HOW} {sample}".strip()
    st.caption(page.escape(" · ".join(said)), help=page.escape(words), width="content")


def _rows(on_map: OnMap, choice: MapChoice) -> NDArray[np.int32]:
    rows = latent_map.rows_of(on_map, choice)
    if len(rows) <= MOST:
        return rows
    return np.sort(np.random.default_rng(0).choice(rows, MOST, replace=False))


def _coordinates(on_map: OnMap, choice: MapChoice, bar: DeltaGenerator) -> Coordinates:
    """Those of the chosen map; of latent axes the third is chosen in the map's `bar`."""
    if choice.method == "latent":
        depth = _depth(on_map, choice, bar)
        across, up = choice.axes
        dims = (across, up if up is not None else across, depth)
        return coordinates.of_latent_axes(dims, on_map.checkpoint.model.latent_dim, choice.names)
    fingerprint = browser_model.fingerprint(on_map.shown, on_map.maps)
    return _components(fingerprint, on_map)


@st.cache_resource(max_entries=8, show_spinner=False)
def _components(fingerprint: str, _on_map: OnMap) -> Coordinates:
    return coordinates.of_components(_on_map.maps["pca"], _on_map.images.latents.mu[: _on_map.placed("pca")])


def _depth(on_map: OnMap, choice: MapChoice, bar: DeltaGenerator) -> int:
    order = [str(j) for j in metrics.most_telling_first(on_map.checkpoint)]
    rest = [j for j in order if int(j) not in choice.axes]
    st.session_state["depth"] = STATE.offered("depth", rest, rest[0])

    def changed() -> None:
        STATE.put("depth", st.session_state["depth"])

    with bar:
        st.selectbox(
            "Deep",
            rest,
            format_func=lambda j: f"Deep: {choice.names.label(int(j))}",
            width=120 + (60 if choice.names.entries else 0),
            key="depth",
            on_change=changed,
            label_visibility="collapsed",
        )
    STATE.always("depth", st.session_state["depth"])
    return int(st.session_state["depth"])


def _colours(on_map: OnMap, choice: MapChoice, axes: Coordinates) -> Groups | Values | None:
    """As on the flat map; the quality of the map is that of this one."""
    if choice.colour != "kept":
        return latent_map.colours_of(on_map, choice)
    mu, fingerprint = on_map.images.latents.mu, browser_model.fingerprint(on_map.shown, on_map.maps)
    kept = map_quality.kept(f"{fingerprint}:{axes.titles}", choice.method, choice.axes, mu, axes.places(mu))
    return Values(kept, colourings.title(choice.colour, choice.names))


@st.cache_resource(max_entries=4, show_spinner=False)
def _figure(
    key: tuple[str, MapChoice, tuple[str, str, str], int, str],
    _on_map: OnMap,
    _names: tuple[str, ...] | None,
    _axes: Coordinates,
) -> go.Figure:
    choice = key[1]
    flat = latent_map.points_of(_on_map, choice, _rows(_on_map, choice), _names, _colours(_on_map, choice, _axes))
    return solid(flat, _axes.places(_on_map.images.latents.mu), _axes.titles)


def solid(flat: go.Figure, places: NDArray[np.float32], titles: tuple[str, str, str]) -> go.Figure:
    """A flat map's points, which have their rows as customdata, at places (N, 3); and last the mark of where one is."""
    figure = go.Figure()
    for trace in flat.data:
        x, y, z = places[np.asarray(trace.customdata)].T
        marker = trace.marker.to_plotly_json() | {"size": SMALLER * trace.marker.size}
        figure.add_scatter3d(
            x=x,
            y=y,
            z=z,
            customdata=trace.customdata,
            text=trace.text,
            mode="markers",
            marker=marker,
            hovertemplate=trace.hovertemplate,
            name=trace.name,
            meta=trace.meta,
        )
    ring = {"symbol": "circle-open", "size": 11, "color": ACCENT, "line": {"width": 3, "color": ACCENT}}
    # among other points it is hidden by those before it: its shadows on the walls are not
    shadows = {side: {"show": True, "opacity": 0.9, "scale": 0.8} for side in "xyz"}
    figure.add_scatter3d(
        x=[0], y=[0], z=[0], mode="markers", marker=ring, projection=shadows, hoverinfo="skip", name="here"
    )
    sides = {
        f"{side}axis": {"title": {"text": figures.literal(title)}, "showbackground": False, "showspikes": False}
        for side, title in zip("xyz", titles, strict=True)
    }
    figure.update_layout(
        scene={"aspectmode": "data", "camera": {"eye": dict.fromkeys("xyz", _distance(places))}, **sides},
        margin={"l": 0, "r": 34, "t": 8, "b": 8},
        showlegend=False,
        modebar={"orientation": "v"},
        height=None,
        meta={"map": f"space:{'/'.join(titles)}"},
    )
    if flat.layout.coloraxis.colorscale:
        figure.update_layout(coloraxis=flat.layout.coloraxis)
    return figure


def _distance(places: NDArray[np.float32]) -> float:
    """How far away the eye is along each axis, so that all of the scene is in view. Plotly gives it the volume of a
    cube: one that is long in one direction and thin in others, as of a model with collapsed dimensions, has its eye
    inside the points where a cube would be seen from outside.
    """
    extents = np.ptp(places.astype(np.float64), axis=0)
    extents[extents == 0] = 2.0  # as Plotly's axes of one value
    shape = extents / np.exp(np.log(extents).mean())
    return float(EYE * np.linalg.norm(shape) / np.sqrt(3))
