"""Make images with a model: samples, manifolds, traversals, interpolations, directions."""

from __future__ import annotations

import streamlit as st

from ui.components import model_store
from ui.components.model_store import browser_model
from ui.generate import manifold, samples, state, traversals
from ui.generate.directions import directions_view
from ui.generate.path import interpolation_view
from ui.generate.state import FIELDS
from ui.shared import cache, model_picker, page
from ui.shared.models import health

VIEWS = {
    "samples": ("Samples", samples.show),
    "manifold": ("Manifold", manifold.show),
    "traversals": ("Traversals", traversals.show),
    "interpolation": ("Interpolation", interpolation_view.show),
    "directions": ("Directions", directions_view.show),
}
LATENTS = ("manifold", "interpolation", "directions")  # views that know where images lie, whoever decodes


def generate() -> None:
    """Pick a checkpoint and one way of making images with it."""
    checkpoint = model_picker.choose(state.begin())
    if checkpoint is None:
        return
    health.warn(checkpoint, health.GENERATE)
    titles = {name: title for name, (title, _) in VIEWS.items()}
    view = FIELDS.words("View", "view", titles, "samples", label_visibility="collapsed")
    if browser_model.can_decode(checkpoint) or view in LATENTS:
        model_store.store(
            cache.model_bytes(checkpoint, cache.all_maps(checkpoint)), key=f"store-{checkpoint.identity[:16]}"
        )
    notices = st.container()  # above the view, which says what of a link it can't follow
    VIEWS[view][1](checkpoint, model_picker.link_text(checkpoint))
    for problem in state.problems():
        notices.warning(page.escape(problem), icon=":material/link_off:")


with page.page("Generate", "Make new images: draw random ones, or move through latent space in small steps."):
    generate()
