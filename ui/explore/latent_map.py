"""The map of Explore: which projection, which axes, which colours, and the chart itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from ui.components import events, map_legend
from ui.components.model_store import browser_model
from ui.explore import map_words
from ui.explore.map_words import COLOURS, METHODS
from ui.explore.state import STATE
from ui.shared import cache, figures, page, terms
from ui.shared.figures import Axis
from ui.shared.models import health
from vae.checkpoints.checkpoint import Checkpoint, FloatArray
from vae.maps.projection import ProjectionMap

CHART_KEY = "map_chart"
JOIN = "\n"  # between class names in the URL: no name has one


@dataclass(frozen=True)
class MapChoice:
    """What the map shows: the method, two latent axes (second None for one dimension), the colouring, and the classes,
    by name (none stands for all).
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


def _there(checkpoint: Checkpoint) -> dict[str, int]:
    """The classes that have points: their names and labels."""
    names = checkpoint.dataset.class_names
    return {names[label]: int(label) for label in np.unique(checkpoint.latents.labels)}


def _shown(checkpoint: Checkpoint, colour: str) -> tuple[str, ...]:
    """The classes to show: of the legend, or chosen by name where it would be too long."""
    there = _there(checkpoint)
    if _many(checkpoint):
        return _chosen_by_name(list(there))
    if len(there) > 1:
        _legend(checkpoint, there, colour)
    return _known(there)


def _known(there: Iterable[str]) -> tuple[str, ...]:
    """The chosen classes that have points; none where these are all of them."""
    wanted = STATE.text("shown").split(JOIN)
    shown = tuple(name for name in there if name in wanted)
    return () if len(shown) == len(tuple(there)) else shown


def _legend(checkpoint: Checkpoint, there: dict[str, int], colour: str) -> None:
    """The buttons of the classes: they act in the page, on a figure that stays."""
    names, key = list(there), f"legend-{checkpoint.identity[:16]}"
    # what the page reported lies in the session before it is drawn again
    choice = map_legend.choice_of(st.session_state.get(key, {}).get("choice"), len(names))
    if choice is not None and events.is_new(key, choice["id"]):
        chosen = [name for i, name in enumerate(names) if i in choice["places"]]
        STATE.put("shown", "" if chosen == names else JOIN.join(chosen))
    map_legend.show(
        {
            "names": names,
            "labels": list(there.values()),
            "coloured": colour == "class",
            "shown": list(_known(there) or names),
            "chart_key": CHART_KEY,
            "revision": STATE.revision(),
        },
        key,
    )


def _chosen_by_name(names: list[str]) -> tuple[str, ...]:
    key = "map-shown"
    st.session_state[key] = list(_known(names))

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


def _start(maps: dict[str, ProjectionMap], choice: MapChoice) -> tuple[float, float] | None:
    """Where z = 0 is, from which the sliders start; None where no place belongs to it."""
    if choice.method == "latent":
        return (0.0, 0.0)
    linear = maps[choice.method].linear
    if linear is None:
        return None
    x, y = (-linear.mean) @ linear.components.T
    return (float(x), float(y))


def figure(checkpoint: Checkpoint, maps: dict[str, ProjectionMap], choice: MapChoice) -> go.Figure:
    """The chart; cached, so a rerun sends the same figure, on which the zoom stays."""
    names = cache.file_names(checkpoint)
    # the legend hides classes in the page: only where they are chosen by name is the figure another
    drawn = choice if _many(checkpoint) else replace(choice, shown=())
    # names by what they are: the same pixels can be imported again from other files
    return _figure((browser_model.fingerprint(checkpoint, maps), drawn, hash(names)), checkpoint, maps, names)


@st.cache_resource(max_entries=16, show_spinner=False)
def _figure(
    key: tuple[str, MapChoice, int],
    _checkpoint: Checkpoint,
    _maps: dict[str, ProjectionMap],
    _names: tuple[str, ...] | None,
) -> go.Figure:
    fingerprint, choice, _ = key
    xy, latents = places(_checkpoint, _maps, choice), _checkpoint.latents
    both, classes = axes(_maps, choice), _checkpoint.dataset.class_names
    if choice.colour != "class":
        values: NDArray[np.float32] = getattr(latents, choice.colour)
        title = COLOURS[choice.colour]
        drawn = figures.value_map(xy, values, latents.labels, classes, title, both, _names, choice.shown)
    elif _many(_checkpoint):
        drawn = figures.many_class_map(xy, latents.labels, classes, both, _names, choice.shown)
    else:
        drawn = figures.class_map(xy, latents.labels, classes, both, _names)
    if start := _start(_maps, choice):
        figures.widen(drawn, start)
    # by which the page knows figures, and which of them are one map and share their zoom
    about = f"{fingerprint}:{choice.method}:{choice.axes}"
    drawn.update_layout(meta={"map": about, "colour": choice.colour}, height=None)  # as high as the page has room for
    return drawn


def show(checkpoint: Checkpoint, maps: dict[str, ProjectionMap], choice: MapChoice) -> None:
    """Draw the map; the page takes its clicks."""
    title = (
        f"{METHODS[choice.method]} map of {len(checkpoint.latents.mu):,} images, coloured by {COLOURS[choice.colour]}"
    )
    with st.container(key=CHART_KEY):
        st.plotly_chart(
            figure(checkpoint, maps, choice),
            key="map_linked",
            on_select="ignore",
            config=figures.MOVING,
            alt=title,
            height="stretch",
        )
    # neighbours in a latent space that says nothing can be kept well, and still mean nothing
    measured = choice.method != "latent" and not health.is_of_no_use(checkpoint, health.EXPLORE)
    trust = map_words.trust(maps[choice.method]) if measured else ""
    said = [map_words.counted(checkpoint, _drawn(checkpoint, choice)), *([trust] if trust else [])]
    how = map_words.protocol(maps[choice.method]) if measured else ""
    st.caption(page.escape(" · ".join(said)), help=page.escape(f"{terms.LATENT_MAP} {terms.POSTERIOR_MEAN} {how}"))
    if cache.lacks_file_names(checkpoint):
        st.caption("These images were imported before file names were kept: import them again to see the names here.")


def _drawn(checkpoint: Checkpoint, choice: MapChoice) -> int:
    """How many images are of the classes shown."""
    if not choice.shown:
        return len(checkpoint.latents.mu)
    there = _there(checkpoint)
    return int(np.isin(checkpoint.latents.labels, [there[name] for name in choice.shown]).sum())


def link_description(choice: MapChoice) -> dict[str, Any]:
    """What map_link.js needs to know to place the marker."""
    return {"method": choice.method, "axes": list(choice.axes), "chart_key": CHART_KEY}
