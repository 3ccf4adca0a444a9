"""Which other model of the same test images is compared with the one that Explore shows."""

from __future__ import annotations

import streamlit as st

from ui.explore import state
from ui.explore.state import BESIDE, STATE
from ui.shared import cache, model_picker
from vae.checkpoints.checkpoint import Checkpoint, Summary
from vae.comparison import same_images
from vae.comparison.neighbourhoods import Neighbourhoods

KEY = "explore_beside"


def offered(checkpoint: Checkpoint) -> dict[str, Summary]:
    """The other models of a checkpoint's test images, by name."""
    images = checkpoint.dataset.test_fingerprint
    return {
        one.name: one
        for one in model_picker.in_order(cache.summaries())
        if one.dataset and one.dataset.test_fingerprint == images and one.name != checkpoint.name
    }


def choose(checkpoint: Checkpoint, linked: bool) -> None:
    """The way in, below the model, where there is another one. Where a link has just brought a wrong one that is said,
    and none is chosen; one that a person's own choice of another model has left behind is only forgotten.
    """
    there = offered(checkpoint)
    name = STATE.text(BESIDE)
    if name and name not in there:
        if linked:
            names = ", ".join(list(there)[:5]) or "there is none here"
            STATE.refuse(BESIDE, name, f"another model of the same test images ({names})", "the decoder")
        STATE.forget(BESIDE)
        name = ""
    if not there:
        return
    st.session_state[KEY] = name or None

    def changed() -> None:
        state.open_comparison(st.session_state[KEY] or "")

    with st.sidebar:
        st.selectbox(
            "Compare with",
            list(there),
            index=None,  # so that it can be cleared
            key=KEY,
            on_change=changed,
            format_func=lambda name: f"Beside: {model_picker.label(there[name])}",
            placeholder="Compare with…",
            label_visibility="collapsed",
        )


def read(checkpoint: Checkpoint) -> Checkpoint:
    """The one that is chosen. Raises CheckpointError where it is damaged, or went meanwhile."""
    name = STATE.text(BESIDE)
    found = offered(checkpoint).get(name)
    return cache.checkpoint(name, found.identity if found else "")


def neighbourhoods_of(checkpoint: Checkpoint, other: Checkpoint) -> Neighbourhoods:
    """How much of each test image's neighbourhood both share. Raises CheckpointError as `same_images.check` does."""
    return _neighbourhoods(checkpoint.identity, other.identity, checkpoint, other)


@st.cache_resource(max_entries=8, show_spinner="Comparing each image's neighbours: a few seconds, once for each pair…")
def _neighbourhoods(a: str, b: str, _a: Checkpoint, _b: Checkpoint) -> Neighbourhoods:
    return same_images.neighbourhoods_of(_a, _b)
