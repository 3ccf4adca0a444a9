"""The map, coloured by score: the model's own test images, or others among them, placed by their posterior means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from ui.anomalies import gallery
from ui.anomalies.figures import behind
from ui.anomalies.scoring import Scored
from ui.anomalies.state import FIELDS, STATE
from ui.components import events, map_ring, reports
from ui.shared import cache, figures
from ui.shared.figures import Axis
from ui.shared.formatting import count
from vae.anomalies.methods import registry
from vae.checkpoints import metrics
from vae.checkpoints.checkpoint import Checkpoint, FloatArray
from vae.maps import placing
from vae.maps.projection import TITLES, ProjectionMap

METHODS = {name: TITLES[name] for name in ("tsne", "umap", "pca")} | {"latent": "Latent axes"}
CLICKED_SIZE, UNCLICKED_OPACITY = 16, 0.7
VOTED = "This map was fitted without these images: each lies at the mean place of its five nearest test images."


@dataclass(frozen=True, eq=False)
class _Places:
    """Where the scored images (n, 2) and, where they are others, the test images (N, 2) are; and what the axes mean."""

    scored: FloatArray
    test: FloatArray | None
    axes: tuple[Axis, Axis]


def show(checkpoint: Checkpoint, found: Scored) -> None:
    """Every scored image at its place. Images of elsewhere lie among the test images, which are grey then."""
    maps, own = cache.all_maps(checkpoint), found.seen.test_rows is not None
    offered = [name for name in METHODS if name == "latent" or name in maps]
    if not own:  # those first that place other images exactly
        offered.sort(key=lambda name: name in maps and maps[name].linear is None)
    titles = {name: METHODS[name] for name in offered}
    method = FIELDS.words("Projection", "projection", titles, offered[0], label_visibility="collapsed")
    if not own and method in maps and maps[method].linear is None:
        st.caption(VOTED, help="In latent space, weighted by the inverse of the distance.")
    places = _places(checkpoint, maps, found, method)
    seen = found.seen
    labels, names = seen.labels, seen.class_names
    if labels is None or (labels < 0).any():
        labels, names = np.zeros(len(found.scores), np.int64), ()
    figure = figures.value_map(
        places.scored,
        np.clip(np.nan_to_num(found.scores), -1e30, 1e30),
        labels,
        names or ("not known",),
        registry.get(found.detector.score).title,
        places.axes,
        None if own and seen.rows is not None and seen.names[0].startswith("row ") else seen.names,
    )
    figure.update_traces(
        selected={"marker": {"size": CLICKED_SIZE, "opacity": 1}}, unselected={"marker": {"opacity": UNCLICKED_OPACITY}}
    )
    if places.test is not None:
        figure = behind(figure, places.test)
    chart = st.plotly_chart(
        figure, key="anomalies-map", on_select="rerun", selection_mode="points", config=figures.MOVING
    )
    _choose(found, reports.clicked_row(chart))
    x, y = places.scored[gallery.chosen(found)]
    map_ring.show("anomalies-map", float(x), float(y), "anomalies-ring")
    among = "" if places.test is None else f" among {count(len(places.test), 'test image')} in grey"
    st.caption(
        f"{count(len(found.scores), 'image')}{among}. Click one to see why.",
        help="The outer 1 % of the scores on each side share a colour.",
    )


def _places(checkpoint: Checkpoint, maps: dict[str, ProjectionMap], found: Scored, method: str) -> _Places:
    mu, test = found.seen.images.mu, checkpoint.latents.mu
    own = found.seen.test_rows is not None
    if method == "latent":
        x, *rest = metrics.most_telling_first(checkpoint)[:2]
        y = rest[0] if rest else None
        first, second = (_axes(latents, x, y) for latents in (mu, test))
        titles = (Axis(f"z{x} (posterior mean)"), Axis("" if y is None else f"z{y} (posterior mean)", y is not None))
        return _Places(first, None if own else second, titles)
    projection = maps[method]
    axes = tuple(Axis(f"{METHODS[method]} {i}", measured=method == "pca") for i in (1, 2))
    if own:
        return _Places(projection.xy, None, (axes[0], axes[1]))
    return _Places(
        _placed((hash(projection.xy.tobytes()), hash(mu.tobytes())), projection, test, mu),
        projection.xy,
        (axes[0], axes[1]),
    )


@st.cache_resource(max_entries=8, show_spinner=False)
def _placed(
    contents: tuple[int, int], _projection: ProjectionMap, _mapped: FloatArray, _others: FloatArray
) -> FloatArray:
    return placing.placed(_projection, _mapped, _others)


def _axes(latents: FloatArray, x: int, y: int | None) -> FloatArray:
    return np.stack([latents[:, x], np.zeros(len(latents), np.float32) if y is None else latents[:, y]], axis=1)


def _choose(found: Scored, row: int | None) -> None:
    """The image of the point that was clicked."""
    if events.is_new("anomalies-map", row) and row is not None and row < len(found.scores):
        STATE.put("image", str(row))
        st.rerun()  # of a whole run too: it can hold a fragment's event
