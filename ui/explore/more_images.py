"""The offer to put more images on Explore's map than the test images that every checkpoint has."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui.components import clicks
from ui.explore.shown_images import OnMap
from ui.shared import page
from vae.checkpoints import every_image
from vae.data import datasets
from vae.errors import DatasetError, JobError

LEAST_FOR_TSNE = 4  # as tsne.py has it, whose import takes a second
ASKED = "explore_more_images"  # of which checkpoint, by its identity


def offer(on_map: OnMap, method: str, line: DeltaGenerator) -> None:
    """A button in the line below the map where images are lacking on it, and the job that puts them there."""
    lacking = _lacking(on_map, method)
    if not lacking:
        return
    identity, label = on_map.checkpoint.identity, f"Show all {lacking:,}"
    asked = st.session_state.get(ASKED) == identity
    if asked:
        from ui.shared import job_card

        work = job_card.Command("map", *_command(on_map))
        if job_card.active_card(work):
            return
        job_card.last_card(work, (*job_card.FAILED, "stopped"))
    with line:
        icon, help_ = ":material/add_photo_alternate:", "Put the validation and training images on the map, too"
        pressed = clicks.button(label, "explore_all_images", icon=icon, type="tertiary", help=help_)
    if not pressed:
        return
    from ui.shared import job_card  # not before: it brings the queue of jobs with it

    try:
        job_card.Command("map", *_command(on_map)).start()
    except JobError as error:
        page.show_error(error)
        return
    st.session_state[ASKED] = identity
    st.rerun()


def _lacking(on_map: OnMap, method: str) -> int:
    """How many images all splits have together, where this map lacks some that it could show; else 0."""
    name = on_map.checkpoint.dataset.name
    if on_map.every:
        everything = len(on_map.images.latents.mu)
        return everything if on_map.placed(method) < everything else 0
    try:
        known = datasets.info(name)
        count = sum(known.counts.values())
        there = known.counts["test"] == len(on_map.images.latents.mu) and known.on_this_machine()
    except DatasetError:  # theirs is gone or damaged: what is missing is said where an image is clicked
        return 0
    return count if there and len(on_map.images.latents.mu) < count <= every_image.MOST else 0


def _command(on_map: OnMap) -> tuple[str, tuple[str, ...]]:
    """What the job is called, and its command."""
    checkpoint, mu = on_map.checkpoint, on_map.images.latents.mu
    method = "tsne" if mu.std(0).any() and len(mu) >= LEAST_FOR_TSNE else "pca"
    arguments = ("map", str(checkpoint.path), "--method", method, "--images", "all")
    return f"All images of {checkpoint.name}", arguments
