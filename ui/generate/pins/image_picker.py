"""A dialog in which test images are picked by clicking on them, any number of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ui.components import clicks, events, picture_sheet
from ui.components.picture_sheet.picture_bytes import SheetLayout
from ui.shared import cache, page
from vae.checkpoints.checkpoint import Checkpoint
from vae.errors import DatasetError, GenerationError

PAGE = 240  # images at once
TILE = 40  # CSS pixels
ALL, PICKED = "all", "picked"  # what is shown, beside the classes' numbers

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Picking:
    """What a dialog picks for: `rows` reads what is picked now, `keep` stores it and may raise GenerationError.

    `done` runs before the dialog closes.
    """

    key: str
    title: str
    rows: Callable[[], Sequence[int]]
    keep: Callable[[list[int]], None]
    done: Callable[[], None] = lambda: None


def button(checkpoint: Checkpoint, picking: Picking) -> None:
    """`Pick images`, which opens the dialog."""
    if clicks.button("Pick images", _name(picking, "open"), icon=":material/grid_view:"):
        st.session_state.pop(_name(picking, "show"), None)  # another opening begins at the beginning
        dialog = st.dialog(picking.title, width="large", on_dismiss="rerun")
        dialog(show)(checkpoint, picking)


def show(checkpoint: Checkpoint, picking: Picking) -> None:
    """A page of images to click, for a dialog; what was clicked counts at once."""
    with page.error_boundary():
        if problem := st.session_state.pop(_name(picking, "problem"), None):
            st.error(page.escape(problem), icon=":material/error:")
        rows = _shown(checkpoint, picking)
        place = st.container()  # the count stands above what changes it
        _pictures(checkpoint, picking, rows)
        with place:
            _count(picking)


def _shown(checkpoint: Checkpoint, picking: Picking) -> Rows:
    """The rows of the page that is chosen."""
    names, labels = checkpoint.dataset.class_names, checkpoint.latents.labels
    classes = [str(label) for label in np.unique(labels)] if len(names) > 1 else []
    titles = {ALL: "All test images", PICKED: "Those picked"} | {c: f"Class {names[int(c)]}" for c in classes}
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    chosen = str(
        left.selectbox("Show", list(titles), format_func=lambda option: titles[option], key=_name(picking, "show"))
    )
    if chosen == ALL:
        rows = np.arange(len(labels))
    elif chosen == PICKED:
        rows = np.array(sorted(picking.rows()), np.int64)
    else:
        rows = np.flatnonzero(labels == int(chosen))
    pages = max(1, math.ceil(len(rows) / PAGE))
    number = int(right.number_input(f"Page of {pages:,}", 1, pages, key=_name(picking, f"page-{chosen}-{pages}")))
    return rows[(number - 1) * PAGE : number * PAGE]


def _pictures(checkpoint: Checkpoint, picking: Picking, rows: Rows) -> None:
    picked, names = set(picking.rows()), cache.file_names(checkpoint)
    click = picture_sheet.show(
        _images(checkpoint, rows),
        _name(picking, f"sheet-{st.session_state.get(_name(picking, 'revision'), 0)}"),
        SheetLayout(
            "Test images to pick",
            tile=TILE,
            picked=[i for i, row in enumerate(rows) if int(row) in picked],
            titles=[names[row] for row in rows] if names else (),
        ),
    )
    if click is None or not events.is_new("image-picker", click["id"]):
        return
    clicked = {int(rows[i]) for i in click.get("picked") or ()}
    _keep(picking, (picked - {int(row) for row in rows}) | clicked)


def _images(checkpoint: Checkpoint, rows: Rows) -> NDArray[np.uint8]:
    """The originals; their reconstructions where the images are not on this machine."""
    try:
        return np.asarray(cache.test_images(checkpoint).images[rows])
    except DatasetError:
        st.caption("The original images are not on this machine, so these are their reconstructions.")
        return cache.decoded(checkpoint, checkpoint.latents.mu[rows])


def _count(picking: Picking) -> None:
    count = len(picking.rows())
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{count:,} picked.** A click adds an image, another one takes it back.")
        st.button("Clear", key=_name(picking, "clear"), disabled=not count, on_click=_clear, args=(picking,))
        if clicks.button("Done", _name(picking, "done"), type="primary"):
            picking.done()
            st.rerun()


def _clear(picking: Picking) -> None:
    picking.keep([])
    _renew(picking)


def _keep(picking: Picking, rows: set[int]) -> None:
    try:
        picking.keep(sorted(rows))
    except GenerationError as error:
        st.session_state[_name(picking, "problem")] = str(error)
        _renew(picking)
        st.rerun(scope="fragment")


def _renew(picking: Picking) -> None:
    """Have the page show what is picked, not what was clicked: a sheet of another key knows only the former."""
    name = _name(picking, "revision")
    st.session_state[name] = st.session_state.get(name, 0) + 1


def _name(picking: Picking, what: str) -> str:
    """Where the session keeps something of this dialog."""
    return f"{picking.key}-{what}"
