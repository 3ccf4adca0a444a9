"""What Explore's map could show beyond what every checkpoint has: more images than the test images, and more maps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui.components import clicks
from ui.explore.adding import all_images
from ui.explore.shown_images import OnMap
from ui.shared import page
from vae.checkpoints import every_image
from vae.data import datasets
from vae.errors import DatasetError, JobError
from vae.maps import making
from vae.maps.projection import TITLES

LEAST_TO_MAP = 4  # by their neighbours, as tsne.py and umap.py have it, whose imports take a second
ASKED = "explore_more_images"  # which offers were taken, by checkpoint and key


@dataclass(frozen=True)
class _Offer:
    """A button, and the job that it starts."""

    key: str
    label: str
    help: str
    icon: str
    title: str
    arguments: tuple[str, ...]


def offer(on_map: OnMap, method: str, line: DeltaGenerator) -> None:
    """Buttons in the line below the map where images are lacking on it or maps are not made yet, and their jobs."""
    if lacking := _lacking(on_map, method):
        _offer_images(on_map, method, lacking, line)
    for one in _maps(on_map):
        _show(one, (on_map.checkpoint.identity, one.key), line)


def _offer_images(on_map: OnMap, method: str, lacking: int, line: DeltaGenerator) -> None:
    """They come by themselves where nothing of them is known yet; what takes minutes is asked for."""
    one = _images(on_map, method, lacking)
    which = (on_map.checkpoint.identity, one.key)
    if on_map.every or which in st.session_state.get(ASKED, ()) or not all_images.is_wanted():
        _show(one, which, line)
        return
    with line:
        place = st.container(key="more_images", width="content")
    others = lacking - len(on_map.images.latents.mu)
    page.later(lambda: all_images.add(on_map, others, place, lambda: _show(one, which, place)))


def _show(one: _Offer, which: tuple[str, str], line: DeltaGenerator) -> None:
    asked = st.session_state.get(ASKED, ())
    if which in asked:
        from ui.shared import job_card

        work = job_card.Command("map", one.title, one.arguments)
        if job_card.active_card(work):
            return
        job_card.last_card(work, (*job_card.FAILED, "stopped"))
    with line:
        pressed = clicks.button(one.label, one.key, icon=one.icon, type="tertiary", help=one.help)
    if not pressed:
        return
    from ui.shared import job_card  # not before: it brings the queue of jobs with it

    try:
        job_card.Command("map", one.title, one.arguments).start()
    except JobError as error:
        page.show_error(error)
        return
    st.session_state[ASKED] = (*asked, which)
    st.rerun()


def _images(on_map: OnMap, method: str, lacking: int) -> _Offer:
    """To put all images, of which there are `lacking`, on the map."""
    checkpoint = on_map.checkpoint
    wanted = method if method in making.OF_NEIGHBOURS else making.OF_NEIGHBOURS[0]
    return _Offer(
        "explore_all_images",
        f"Show all {lacking:,}",
        "Put the validation and training images on the map, too",
        ":material/add_photo_alternate:",
        f"All images of {checkpoint.name}",
        ("map", str(checkpoint.path), "--method", wanted if _can_be_mapped(on_map) else "pca", "--images", "all"),
    )


def _maps(on_map: OnMap) -> Iterator[_Offer]:
    """To make the maps that there could be: of all images where all are shown."""
    checkpoint = on_map.checkpoint
    if not _can_be_mapped(on_map):
        return
    of = ("--images", "all") if on_map.every else ()
    for method in making.OF_NEIGHBOURS:
        if method not in on_map.maps:
            yield _Offer(
                f"explore_make_{method}",
                f"Add {TITLES[method]}",
                f"Make the {TITLES[method]} map of these images, in the background",
                ":material/scatter_plot:",
                f"{TITLES[method]} map of {checkpoint.name}",
                ("map", str(checkpoint.path), "--method", method, *of),
            )


def _can_be_mapped(on_map: OnMap) -> bool:
    """Whether images have neighbours that a map could keep."""
    mu = on_map.images.latents.mu
    return len(mu) >= LEAST_TO_MAP and bool(mu.std(0).any())


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
