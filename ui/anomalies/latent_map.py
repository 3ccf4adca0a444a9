"""The map of the test images, coloured by score."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ui.anomalies.scoring import Scored
from ui.anomalies.state import STATE
from ui.components import events, reports
from ui.shared import cache, figures
from ui.shared.figures import Axis
from vae.anomalies.methods import registry
from vae.checkpoints.checkpoint import Checkpoint

METHODS = {"tsne": "t-SNE", "pca": "PCA"}
CLICKED_SIZE, UNCLICKED_OPACITY = 16, 0.7


def show(checkpoint: Checkpoint, found: Scored) -> None:
    """Every test image at its place on the checkpoint's map; other sources have no places."""
    maps = cache.all_maps(checkpoint)
    method = next((name for name in METHODS if name in maps), None)
    if method is None:
        st.info(
            f"There is no map yet: `python -m vae map {checkpoint.name} --method pca` makes one.", icon=":material/map:"
        )
        return
    if found.seen.test_rows is None:
        st.info("Only the test split of the model's own data set is on its map.", icon=":material/info:")
        return
    labels = checkpoint.latents.labels
    finite = np.clip(np.nan_to_num(found.scores), -1e30, 1e30)
    axes = tuple(Axis(f"{METHODS[method]} {i}", measured=method == "pca") for i in (1, 2))
    figure = figures.value_map(
        maps[method].xy,
        finite,
        labels,
        checkpoint.dataset.class_names,
        registry.get(found.detector.score).title,
        (axes[0], axes[1]),
    )
    figure.update_traces(
        selected={"marker": {"size": CLICKED_SIZE, "opacity": 1}}, unselected={"marker": {"opacity": UNCLICKED_OPACITY}}
    )
    chart = st.plotly_chart(figure, key="anomalies-map", on_select="rerun", selection_mode="points")
    _choose(found, reports.clicked_row(chart))
    st.caption(
        f"{len(labels):,} of {len(labels):,} test images by {METHODS[method]}; the outer 1 % of the scores on each "
        "side share a colour. Click one to see why."
    )


def _choose(found: Scored, row: int | None) -> None:
    """The image of the point that was clicked."""
    if not events.is_new("anomalies-map", row):
        return
    at = np.flatnonzero(found.seen.test_rows == row)
    if len(at):
        STATE.put("image", str(at[0]))
        st.rerun()  # of a whole run too: it can hold a fragment's event
