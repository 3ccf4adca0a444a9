"""Which other model of the same test images is compared with the one that Explore shows."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from ui.explore import state
from ui.explore.state import BESIDE, STATE
from ui.shared import cache, model_picker
from ui.shared.models import epochs
from vae.checkpoints.checkpoint import Checkpoint
from vae.comparison import same_images
from vae.comparison.neighbourhoods import Neighbourhoods

KEY = "explore_beside"
AT = "@"  # between a model's name and an epoch, in the URL: no name has one


def offered(checkpoint: Checkpoint) -> dict[str, str]:
    """What there is to compare with, and what it is called: the other models of a checkpoint's test images, by name,
    and the checkpoint itself at epochs that its run has kept, as NAME@EPOCH.
    """
    images = checkpoint.dataset.test_fingerprint
    models = {
        one.name: model_picker.label(one)
        for one in model_picker.in_order(cache.summaries())
        if one.dataset and one.dataset.test_fingerprint == images and one.name != checkpoint.name
    }
    own = {
        f"{checkpoint.name}{AT}{epoch}": f"epoch {epoch:,} of this one" for epoch in epochs.kept(checkpoint.identity)
    }
    return models | own


def choose(checkpoint: Checkpoint, linked: bool) -> None:
    """The way in, below the model, where there is another one. Where a link has just brought a wrong one that is said,
    and none is chosen; one that a person's own choice of another model has left behind is only forgotten.
    """
    there = offered(checkpoint)
    name = STATE.text(BESIDE)
    if name and name not in there:
        if linked:
            STATE.refuse(BESIDE, name, _expected(checkpoint, name, there), "the decoder")
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
            format_func=lambda name: f"Beside: {there[name]}",
            placeholder="Compare with…",
            label_visibility="collapsed",
        )


def _expected(checkpoint: Checkpoint, name: str, there: Iterable[str]) -> str:
    """What a link may name instead."""
    if name.startswith(f"{checkpoint.name}{AT}"):
        kept = ", ".join(one.partition(AT)[2] for one in there if AT in one)
        return f"an epoch that its run has kept ({kept or 'it has kept none, or was deleted'})"
    names = ", ".join([one for one in there if AT not in one][:5]) or "there is none here"
    return f"another model of the same test images ({names})"


def read(checkpoint: Checkpoint) -> Checkpoint:
    """The one that is chosen. Raises CheckpointError where it is damaged, or went meanwhile; at an epoch also as
    `epochs.read` does.
    """
    name, _, epoch = STATE.text(BESIDE).partition(AT)
    if epoch:
        return epochs.read(checkpoint, int(epoch))
    found = next((one for one in cache.summaries() if one.name == name), None)
    return cache.checkpoint(name, found.identity if found else "")


def called() -> str:
    """What the one that is chosen is called."""
    name, _, epoch = STATE.text(BESIDE).partition(AT)
    return epochs.name_of(name, int(epoch)) if epoch else name


def neighbourhoods_of(checkpoint: Checkpoint, other: Checkpoint) -> Neighbourhoods:
    """How much of each test image's neighbourhood both share. Raises CheckpointError as `same_images.check` does."""
    return _neighbourhoods(checkpoint.identity, other.identity, checkpoint, other)


@st.cache_resource(max_entries=8, show_spinner="Comparing each image's neighbours: a few seconds, once for each pair…")
def _neighbourhoods(a: str, b: str, _a: Checkpoint, _b: Checkpoint) -> Neighbourhoods:
    return same_images.neighbourhoods_of(_a, _b)
