"""The map of Explore: which projection, which axes, which colours, and the chart itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from ui.components import reports
from ui.components.model_store import browser_model
from ui.explore.state import STATE
from ui.shared import cache, figures, page
from ui.shared.figures import Axis
from vae.checkpoints.checkpoint import Checkpoint, FloatArray
from vae.maps.projection import ProjectionMap

CHART_KEY = "map_chart"
JOIN = "\n"  # between class names in the URL: no name has one
METHODS = {"pca": "PCA", "tsne": "t-SNE", "latent": "Latent axes"}
COLOURS = {"class": "class", "squared_error": "squared error", "kl": "KL (nats)", "elbo": "ELBO (nats)"}
# map-like handling: drag moves, the wheel zooms, double-click shows all
CHART_CONFIG = {
    "scrollZoom": True,
    "displaylogo": False,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
}


@dataclass(frozen=True)
class MapChoice:
    """What the map shows: the method, two latent axes (second None for one dimension), the colouring, and which classes
    (none stands for all).
    """

    method: str
    axes: tuple[int, int | None]
    colour: str
    shown: tuple[str, ...] = ()


def controls(checkpoint: Checkpoint, maps: dict[str, ProjectionMap]) -> MapChoice:
    """The row of choices above the map; all of them are in the URL."""
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    offered = [method for method in METHODS if method == "latent" or method in maps]
    default = "tsne" if "tsne" in offered and checkpoint.model.latent_dim > 2 else "latent"
    with left:
        kept = _kept("map", offered, default)
        st.segmented_control("Map", offered, format_func=METHODS.__getitem__, required=True, **kept)
        STATE.always("map", st.session_state["map"])  # its default differs between models
    with right:
        kept = _kept("colour", list(COLOURS), "class")
        st.selectbox("Colour", list(COLOURS), format_func=lambda c: f"Colour: {COLOURS[c]}", **kept)
    method, colour = st.session_state["map"], st.session_state["colour"]
    return MapChoice(method, _axes(checkpoint, method), colour, _shown(checkpoint, colour))


def _many(checkpoint: Checkpoint) -> bool:
    """Whether there are more classes than the map's legend can hold."""
    return len(checkpoint.dataset.class_names) > figures.MOST_IN_LEGEND


def _shown(checkpoint: Checkpoint, colour: str) -> tuple[str, ...]:
    """The classes to show, chosen by name where a legend would be too long."""
    if colour != "class" or not _many(checkpoint):
        return ()
    there = np.unique(checkpoint.latents.labels)
    names = list(dict.fromkeys(checkpoint.dataset.class_names[label] for label in there))
    key = "map-shown"
    st.session_state[key] = [name for name in STATE.text("shown").split(JOIN) if name in names]

    def changed() -> None:
        STATE.put("shown", JOIN.join(st.session_state[key]))

    st.multiselect(
        "Classes",
        names,
        key=key,
        on_change=changed,
        placeholder=f"All {len(names):,} classes: type to search, choose some to see them alone",
        label_visibility="collapsed",
    )
    return tuple(st.session_state[key])


def _kept(name: str, options: list[str], default: str) -> dict[str, Any]:
    """The arguments by which a widget holds this choice, which survives pages, Back and reload."""
    st.session_state[name] = STATE.offered(name, options, default)

    def changed() -> None:
        STATE.put(name, st.session_state[name])

    return {"key": name, "on_change": changed, "label_visibility": "collapsed"}


def _axes(checkpoint: Checkpoint, method: str) -> tuple[int, int | None]:
    """The latent dimensions to draw; where there are more than two they are chosen, the two most informative first."""
    dims = checkpoint.model.latent_dim
    if dims <= 2 or method != "latent":
        return (0, 1) if dims > 1 else (0, None)
    order = [str(j) for j in np.argsort(-checkpoint.latents.kl_per_dim(), kind="stable")]
    across, up = st.columns(2)
    with across:
        st.selectbox("Across", order, format_func="Across: z{}".format, **_kept("x", order, order[0]))
    rest = [j for j in order if j != st.session_state["x"]]
    with up:
        st.selectbox("Up", rest, format_func="Up: z{}".format, **_kept("y", rest, rest[0]))
    for name in ("x", "y"):
        STATE.always(name, st.session_state[name])
    return (int(st.session_state["x"]), int(st.session_state["y"]))


def places(checkpoint: Checkpoint, maps: dict[str, ProjectionMap], choice: MapChoice) -> FloatArray:
    """(N, 2): where every image is on the chosen map."""
    if choice.method != "latent":
        return maps[choice.method].xy
    x, y = choice.axes
    mu = checkpoint.latents.mu
    return np.stack([mu[:, x], np.zeros(len(mu), np.float32) if y is None else mu[:, y]], axis=1)


def axes(maps: dict[str, ProjectionMap], choice: MapChoice) -> tuple[Axis, Axis]:
    """What the axes mean."""
    if choice.method == "latent":
        x, y = choice.axes
        return Axis(f"z{x} (posterior mean)"), Axis("" if y is None else f"z{y} (posterior mean)", y is not None)
    if choice.method == "pca":
        shares = [*maps["pca"].quality.get("explained_variance_ratio", []), 0.0, 0.0]
        return Axis(f"PC 1 ({shares[0]:.0%} of the variance)"), Axis(f"PC 2 ({shares[1]:.0%})")
    return Axis("", measured=False), Axis("", measured=False)


def figure(checkpoint: Checkpoint, maps: dict[str, ProjectionMap], choice: MapChoice) -> go.Figure:
    """The chart; cached, so a rerun sends the same figure and zoom and legend stay."""
    names = cache.file_names(checkpoint)
    key = (browser_model.fingerprint(checkpoint, maps), choice, names is not None)
    return _figure(key, checkpoint, maps, names)


@st.cache_resource(max_entries=16, show_spinner=False)
def _figure(
    key: tuple[str, MapChoice, bool],
    _checkpoint: Checkpoint,
    _maps: dict[str, ProjectionMap],
    _names: tuple[str, ...] | None,
) -> go.Figure:
    choice = key[1]
    xy, latents = places(_checkpoint, _maps, choice), _checkpoint.latents
    both = axes(_maps, choice)
    if choice.colour == "class":
        classes = _checkpoint.dataset.class_names
        if _many(_checkpoint):
            return figures.many_class_map(xy, latents.labels, classes, both, _names, choice.shown)
        return figures.class_map(xy, latents.labels, classes, both, _names)
    values: NDArray[np.float32] = getattr(latents, choice.colour)
    classes, title = _checkpoint.dataset.class_names, COLOURS[choice.colour]
    return figures.value_map(xy, values, latents.labels, classes, title, both, _names)


def show(checkpoint: Checkpoint, maps: dict[str, ProjectionMap], choice: MapChoice, native_clicks: bool) -> int | None:
    """Draw the map; with `native_clicks` Python is asked, and the clicked row returned, else the page takes clicks."""
    title = (
        f"{METHODS[choice.method]} map of {len(checkpoint.latents.mu):,} images, coloured by {COLOURS[choice.colour]}"
    )
    chart = figure(checkpoint, maps, choice)
    row = None
    with st.container(key=CHART_KEY):
        if native_clicks:
            event = st.plotly_chart(
                chart, key="map_native", on_select="rerun", selection_mode="points", config=CHART_CONFIG, alt=title
            )
            row = reports.clicked_row(event)
        else:
            st.plotly_chart(chart, key="map_linked", on_select="ignore", config=CHART_CONFIG, alt=title)
    st.caption(page.escape(caption(checkpoint, maps, choice)))
    if cache.lacks_file_names(checkpoint):
        st.caption("These images were imported before file names were kept: import them again to see the names here.")
    return row


def caption(checkpoint: Checkpoint, maps: dict[str, ProjectionMap], choice: MapChoice) -> str:
    """How many images are drawn, and how far the map can be trusted."""
    count = len(checkpoint.latents.mu)
    drawn = _drawn(checkpoint, choice)
    shown = f"{drawn:,} of {count:,} {checkpoint.dataset.title} test images, at their posterior means."
    if choice.method == "latent":
        return f"{shown} The axes are two latent dimensions themselves."
    trust = maps[choice.method].quality
    kept = (
        f"Trustworthiness {trust['trustworthiness']:.3f} ({trust['protocol']})." if "trustworthiness" in trust else ""
    )
    note = ""
    if choice.method == "tsne":
        note = f"Near points are alike; sizes of clusters and gaps mean nothing. {maps['tsne'].adapted()}"
    return f"{shown} {kept} {note}".strip()


def _drawn(checkpoint: Checkpoint, choice: MapChoice) -> int:
    """How many images are of the classes shown."""
    if not choice.shown:
        return len(checkpoint.latents.mu)
    wanted = [label for label, name in enumerate(checkpoint.dataset.class_names) if name in choice.shown]
    return int(np.isin(checkpoint.latents.labels, wanted).sum())


def link_description(choice: MapChoice) -> dict[str, Any]:
    """What map_link.js needs to know to place the marker."""
    return {"method": choice.method, "axes": list(choice.axes), "chart_key": CHART_KEY}
