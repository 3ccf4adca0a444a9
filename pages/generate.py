"""Make images with a model: samples, manifolds, traversals, interpolations, directions."""

from __future__ import annotations

import streamlit as st

from ui import (
    cache,
    generate_directions,
    generate_interpolation,
    generate_manifold,
    generate_samples,
    generate_state,
    generate_traversals,
    live,
    picker,
    shelf,
    shell,
)
from ui.generate_state import FIELDS
from ui.live import payload

VIEWS = {
    "samples": ("Samples", generate_samples.show),
    "manifold": ("Manifold", generate_manifold.show),
    "traversals": ("Traversals", generate_traversals.show),
    "interpolation": ("Interpolation", generate_interpolation.show),
    "directions": ("Directions", generate_directions.show),
}


def generate() -> None:
    """Pick a checkpoint and one way of making images with it."""
    checkpoint = picker.choose(generate_state.begin())
    if checkpoint is None:
        return
    titles = {name: title for name, (title, _) in VIEWS.items()}
    view = FIELDS.words("View", "view", titles, "samples", label_visibility="collapsed")
    if payload.browser_can_decode(checkpoint):
        live.store(cache.model_bytes(checkpoint, cache.all_maps(checkpoint)), key=f"store-{checkpoint.identity[:16]}")
    shelf.show(checkpoint)
    notices = st.container()  # above the view, which says what of a link it can't follow
    VIEWS[view][1](checkpoint, picker.link_text(checkpoint))
    for problem in generate_state.problems():
        notices.warning(shell.escape(problem), icon=":material/link_off:")


with shell.page("Generate"):
    generate()
