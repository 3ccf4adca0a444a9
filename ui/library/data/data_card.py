"""The chosen data set: some of its images, their mean, its classes and splits, what uses it, and what can be done."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ui.components import clicks
from ui.library.data import data_actions
from ui.library.data.data_table import ABSENT, Shelved, size
from ui.shared import cache, formatting, job_card, page, train_place
from ui.shared.images import image_report
from ui.shared.models import card
from ui.shared.progress_cache import Bar
from vae.data import datasets
from vae.data.image_dataset import SPLITS, DatasetInfo
from vae.data.keeping import overview
from vae.data.keeping.overview import Overview
from vae.errors import DatasetError

PICTURES, SIDE = 20, 48  # how many, and about their side in CSS pixels
MOST_LINKS = 6
LOOKED_AT_ONCE = 200_000  # images: more are looked at when somebody asks
TRAIN_SPLIT = "train"
STYLE = f"""<style>
  .set-pictures {{ display: flex; flex-wrap: wrap; gap: 3px; }}
  .set-pictures img {{ height: {SIDE}px; width: auto; max-width: {4 * SIDE}px; image-rendering: pixelated; }}
  .set-mean img {{ height: 6rem; width: auto; max-width: 100%; image-rendering: pixelated; border: 1px solid #8886; }}
</style>"""
NEAR_HELP = (
    "Copies equal another image, pixel for pixel. Validation and test images nearly equal a training image where they "
    "differ by less than a thirtieth of the typical difference between two images: a model looks better on them than "
    "it is. Of very many images a fixed part is compared."
)


def show(chosen: Shelved) -> None:
    """A card over the width of the page."""
    with st.container(border=True, key="library_set"):
        st.subheader(page.escape(chosen.info.title if chosen.info else chosen.name), anchor=False)
        if chosen.info is None:
            if chosen.problem:
                page.show_error(chosen.problem)
        elif chosen.state == ABSENT:
            st.markdown(f":material/cloud_off: {page.escape(chosen.info.title)}’s images are not on this machine.")
            if chosen.info.download_mb:
                job_card.download_offer(chosen.info.name, chosen.info.title, chosen.info.download_mb)
        else:
            with page.error_boundary():
                _images(chosen.info)
        _uses(chosen)
        with st.container(horizontal=True, vertical_alignment="center"):
            if chosen.info is not None and clicks.button(
                "Train on it", "library_train", type="primary", icon=":material/model_training:"
            ):
                train_place.go(chosen.info.name)
            data_actions.buttons(chosen)
        if chosen.info is not None:
            _report(chosen.info)


def _images(known: DatasetInfo) -> None:
    images = cache.split(known.name, TRAIN_SPLIT)
    names = known.class_names
    shown = "".join(card.picture(images.images[k], names[int(images.labels[k])], SIDE) for k in examples(images.labels))
    st.html(f'{STYLE}<div class="set-pictures">{shown}</div>')
    counts = " · ".join(f"{known.counts[split]:,} {split}" for split in SPLITS if split in known.counts)
    classes = f" · {len(names):,} classes" if len(names) > 1 else ""  # of one it is said below
    st.markdown(page.escape(f"{size(known)} pixels · {counts}{classes}"))
    with st.container(key="library_set_facts"):
        left, right = st.columns([1, 3])
    with left:
        place = st.container()
    with right:
        _classes(known)
    page.later(lambda: _overview(known, place))


def examples(labels: NDArray[np.int64]) -> list[int]:
    """Rows of the first image of each class, and more of the same where there are few classes."""
    _, first = np.unique(labels, return_index=True)
    if len(first) > PICTURES:
        first = first[np.linspace(0, len(first) - 1, PICTURES).round().astype(int)]
    more = np.setdiff1d(np.arange(min(len(labels), 2 * PICTURES)), first)[: PICTURES - len(first)]
    return [int(row) for row in (*first, *more)]


def _classes(known: DatasetInfo) -> None:
    """How many images each class has in each split."""
    if len(known.class_names) < 2:
        st.caption("All images are of one class.")
        return
    found: dict[str, list[object]] = {"Class": list(known.class_names)}
    for split in SPLITS:
        labels = cache.split(known.name, split).labels
        found[split.capitalize()] = np.bincount(labels, minlength=len(known.class_names)).tolist()
    st.dataframe(found, hide_index=True, height=min(len(known.class_names) + 1, 7) * 35 + 3, alt="Images of each class")


def _overview(known: DatasetInfo, place: st.delta_generator.DeltaGenerator) -> None:
    """The mean image and what is there twice, computed once."""
    with place, page.error_boundary():
        found = overview.kept(known.name)
        many = sum(known.counts.values()) > LOOKED_AT_ONCE
        if found is None and many and not clicks.button("Compute mean and duplicates", "library_overview"):
            return
        if found is None:
            with Bar("Looking at the images") as bar:
                found = overview.compute(known.name, bar.update)
        _seen(found)


def _seen(found: Overview) -> None:
    st.html(f'{STYLE}<div class="set-mean">{card.picture(found.mean_image(), "mean", 128)}</div>')
    st.markdown(f"Mean image. {twice(found)}", help=NEAR_HELP)


def twice(found: Overview) -> str:
    """What is there more than once, in a sentence or two."""
    copies = f"{formatting.count(found.copies, 'copy').replace('copys', 'copies')} of other images"
    near = f"{found.near:,} of {found.looked_at:,} held-out images nearly equal a training image"
    if not found.copies and not found.near:
        return "No image occurs twice."
    return f"{copies[:1].upper()}{copies[1:]}; {near}."


def _uses(chosen: Shelved) -> None:
    if not chosen.models:
        st.caption("No model here was trained on it.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Explore its models:", width="content")
        for name in chosen.models[:MOST_LINKS]:
            st.page_link("app.py", label=page.escape(name), icon=":material/explore:", query_params={"model": name})
        if len(chosen.models) > MOST_LINKS:
            st.caption(f"and {len(chosen.models) - MOST_LINKS:,} more", width="content")


def _report(known: DatasetInfo) -> None:
    try:
        report = datasets.report(known.name)
    except DatasetError as error:
        page.show_error(error)
        return
    if report is None:
        return
    with st.expander("What its import took, left out and changed", icon=":material/folder_open:", key="library-import"):
        image_report.show_all(report)
