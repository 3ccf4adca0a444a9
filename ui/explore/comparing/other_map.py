"""The other model's map, small, laid on the large one and linked to it. A click on it selects."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from ui.components import events, linked_map, map_ring, reports
from ui.explore import latent_map, map_axes
from ui.explore.latent_map import MapChoice
from ui.explore.map_words import METHODS
from ui.explore.shown_images import OnMap
from ui.shared import cache, explore_place, figures, page
from ui.shared.explore_place import Place
from ui.shared.formatting import number
from vae.checkpoints import dimension_name_files, metrics
from vae.checkpoints.checkpoint import Checkpoint, FloatArray
from vae.maps.alignment import alignment
from vae.maps.projection import ProjectionMap

CHART_KEY = "comparison-map"
HEIGHT = 230  # CSS pixels
SHARE = 0.65  # of the size of points on the large map
TOGETHER = 0.5  # of the variance: below, the same piece of both maps is of other images
LINKED = (
    "Two models have different latent spaces, so a place on the one map means nothing on the other. What they share "
    "are the images: what is selected, or under the pointer, is so on both, and as long as nothing is selected the "
    "images in view on the large map stand out here. B's map is shifted, turned or mirrored, and enlarged or reduced "
    "evenly, so that its images lie as near as they can to where the large map has them (Procrustes analysis over the "
    "images compared): distances within it keep their proportions. The share is how much of the variance of the "
    "places on the large map that explains."
)

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class _Laid:
    """Where the other model has the images (N, 2), laid on the large map; the share of its variance that this explains,
    None where one can't be laid on the other.
    """

    xy: FloatArray
    explained: float | None

    @property
    def together(self) -> bool:
        """Whether the same piece of both maps has much the same images."""
        return self.explained is not None and self.explained >= TOGETHER

    def said(self) -> str:
        """What came of it."""
        if self.explained is None:
            return ""
        share = f"{number(100 * self.explained, 0)} % explained"
        return f" · laid on the large map ({share}), " + (
            "both move together" if self.together else "too little to move together"
        )


def show(on_map: OnMap, other: Checkpoint, choice: MapChoice, compared: Rows) -> None:
    """By the method that is chosen, if the model has such a map; of the images that were `compared` (n,), all test
    images where none were.
    """
    maps, wanted = cache.all_maps(other), choice.method
    method = wanted if wanted in maps else next((name for name in METHODS if name in maps), "latent")
    if wanted == "latent" and other.model.latent_dim <= 2:
        method = "latent"
    axes = _dimensions(other)
    places = map_axes.places(method, axes, maps, other.latents.mu)
    rows = (compared if len(compared) else np.arange(len(places))).astype(np.int32)
    laid = _laid(places, latent_map.places(on_map, choice), rows)
    xy, key = laid.xy, f"{CHART_KEY}-{other.identity[:16]}"
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
    st.caption(page.escape(f"B's map ({METHODS[method]}){laid.said()}"), help=LINKED)
    linked_map.show(key, latent_map.CHART_KEY, laid.together, f"{key}-link")
    here = explore_place.here(on_map.shown).row
    if here is not None and here < len(xy):
        map_ring.show(key, float(xy[here, 0]), float(xy[here, 1]), f"{key}-ring")


def _laid(places: FloatArray, large: FloatArray, rows: NDArray[np.int32]) -> _Laid:
    found = alignment(places[rows], large[rows])
    return _Laid(places, None) if found is None else _Laid(found.moved(places), found.explained)


def _dimensions(other: Checkpoint) -> tuple[int, int | None]:
    """The two most telling dimensions, or the one that there is."""
    if other.model.latent_dim <= 2:
        return (0, 1) if other.model.latent_dim > 1 else (0, None)
    first, second = metrics.most_telling_first(other)[:2]
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
    drawn.update_xaxes(title=None, showticklabels=False, zeroline=False)  # laid on another map, they are not its axes
    drawn.update_yaxes(title=None, showticklabels=False, zeroline=False)
    return drawn
