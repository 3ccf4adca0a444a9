"""The other model's map, small: where it has the selected image. A click on it selects."""

from __future__ import annotations

import hashlib

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from ui.components import events, map_ring, reports
from ui.explore import map_axes
from ui.explore.map_words import METHODS
from ui.explore.shown_images import OnMap
from ui.shared import cache, explore_place, figures, page
from ui.shared.explore_place import Place
from vae.checkpoints import dimension_name_files
from vae.checkpoints.checkpoint import Checkpoint, FloatArray
from vae.maps.projection import ProjectionMap

CHART_KEY = "comparison-map"
HEIGHT = 230  # CSS pixels
SHARE = 0.65  # of the size of points on the large map

Rows = NDArray[np.int64]


def show(on_map: OnMap, other: Checkpoint, wanted: str, compared: Rows) -> None:
    """By the method that is `wanted`, if the model has such a map; of the images that were `compared` (n,), all test
    images where none were.
    """
    maps = cache.all_maps(other)
    method = wanted if wanted in maps else next((name for name in METHODS if name in maps), "latent")
    if wanted == "latent" and other.model.latent_dim <= 2:
        method = "latent"
    axes = _dimensions(other)
    xy = map_axes.places(method, axes, maps, other.latents.mu)
    rows = (compared if len(compared) else np.arange(len(xy))).astype(np.int32)
    key = f"{CHART_KEY}-{other.identity[:16]}"
    with st.container(key=f"{key}-frame"):
        chart = st.plotly_chart(
            _figure((other.identity, method, hashlib.sha256(xy.tobytes()).hexdigest()), other, maps, xy, rows, axes),
            key=key,
            on_select="rerun",
            selection_mode="points",
            config=figures.STILL,
            alt=f"{METHODS[method]} map of {len(rows):,} images by {other.name}",
        )
    row = reports.clicked_row(chart)
    if events.is_new(key, row) and row is not None and row < len(xy):
        explore_place.go(on_map.shown, Place(row))
        st.rerun()
    here = explore_place.here(on_map.shown).row
    if here is not None and here < len(xy):
        map_ring.show(key, float(xy[here, 0]), float(xy[here, 1]), f"{key}-ring")
    st.caption(page.escape(f"B's map ({METHODS[method]}): click an image"))


def _dimensions(other: Checkpoint) -> tuple[int, int | None]:
    """The two dimensions with the largest KL, or the one that there is."""
    if other.model.latent_dim <= 2:
        return (0, 1) if other.model.latent_dim > 1 else (0, None)
    first, second = (int(j) for j in np.argsort(-other.latents.kl_per_dim(), kind="stable")[:2])
    return first, second


@st.cache_resource(max_entries=8, show_spinner=False)
def _figure(
    key: tuple[str, str, str],
    _other: Checkpoint,
    _maps: dict[str, ProjectionMap],
    _xy: FloatArray,
    _rows: NDArray[np.int32],
    _axes: tuple[int, int | None],
) -> go.Figure:
    names = _other.dataset.class_names
    draw = figures.many_class_map if len(names) > figures.MOST_IN_LEGEND else figures.class_map
    both = map_axes.of(key[1], _axes, _maps, dimension_name_files.read(_other))
    drawn = figures.numbered(draw(_xy[_rows], _other.latents.labels[_rows], names, both), _rows)
    drawn.for_each_trace(lambda trace: trace.update(marker_size=max(2.0, SHARE * trace.marker.size)))
    drawn.update_traces(selected={"marker": {"opacity": 0.85}}, unselected={"marker": {"opacity": 0.85}})
    drawn.update_layout(height=HEIGHT, margin={"l": 4, "r": 4, "t": 4, "b": 4})
    drawn.update_xaxes(title=None, showticklabels=False)
    drawn.update_yaxes(title=None, showticklabels=False)
    return drawn
