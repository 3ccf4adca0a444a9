"""Two models side by side, in the decoder's place. It is imported once it is opened."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ui.components import clicks, events, picture_sheet
from ui.components.picture_sheet.picture_bytes import SheetLayout
from ui.explore import state
from ui.explore.comparing import numbers, other, other_map
from ui.explore.latent_map import MapChoice
from ui.explore.sheet import small_images
from ui.explore.shown_images import OnMap
from ui.explore.state import BESIDE, STATE
from ui.shared import cache, explore_place, page
from ui.shared.explore_place import Place
from ui.shared.formatting import count, number
from ui.shared.models import health
from vae.checkpoints.checkpoint import Checkpoint
from vae.comparison import same_images
from vae.comparison.neighbourhoods import Neighbourhoods
from vae.errors import DatasetError, VAEError

CHANGED = 10  # images in the row of those that changed most
TILE = 64  # CSS pixels of the selected image
SHARPEST = 112  # pixels of a picture's side, beyond which nothing is seen
JACCARD = (
    "The Jaccard index of an image's nearest in both latent spaces: those that are nearest in both, over those that "
    "are nearest in either; 1: the same, 0: none. Distances are Euclidean, between posterior means, in each space by "
    "itself, so that spaces of different sizes can be compared."
)
MOST = (
    "Test images with the lowest index; of equal ones those first whose former neighbours are farthest away, in "
    "standard deviations of the latent space. Reconstructions are decoded from the posterior mean, by PyTorch or, for "
    "models that are kept as ONNX files, by ONNX Runtime. A click selects the image."
)
COLOURED = "By how many of its neighbours each image keeps"
NO_USE = "its neighbours mean nothing, however many are kept."
TOO_FEW = "Of fewer than three images no neighbours can be compared."

Pixels = NDArray[np.uint8]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class _Models:
    """The one that Explore shows, the one beside it, and their test images (N, C, H, W); None where those are not on
    this machine.
    """

    a: Checkpoint
    b: Checkpoint
    originals: Pixels | None


@st.fragment
def show(on_map: OnMap, choice: MapChoice) -> None:
    """Runs alone when an image is chosen in it. `choice` is the map that Explore shows."""
    with page.error_boundary(), st.container(key="comparison", gap="small"):
        _head(on_map.checkpoint, other.called())
        with st.container(key="comparison_body"):
            models = _models(on_map.checkpoint)
            _numbers(models)
            found = other.neighbourhoods_of(models.a, models.b)
            _neighbours(models, found)
            _changed(on_map, models, found)
            places, pictures = st.columns([1.9, 1], gap="small")
            with places:
                other_map.show(on_map, models.b, choice, found.rows)
            with pictures:
                _selected(on_map, models)


def _models(a: Checkpoint) -> _Models:
    """Raises CheckpointError where they can't be compared."""
    b = other.read(a)
    same_images.check(a, b)
    try:
        return _Models(a, b, cache.test_images(a).images)
    except DatasetError as error:
        page.show_error(error)
        return _Models(a, b, None)


def _head(a: Checkpoint, beside: str) -> None:
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        both = f"A **{page.escape(a.name)}** · B **{page.escape(beside)}**"
        st.markdown(both, width="stretch")
        if clicks.button(
            "Close", "comparison-close", icon=":material/close:", type="tertiary", help="Back to the decoder"
        ):
            state.open_comparison("")
            st.rerun()


def _numbers(models: _Models) -> None:
    pairs = same_images.metric_pairs(models.a, models.b)
    st.html(numbers.table(models.a, models.b, pairs))
    otherwise = numbers.measured_otherwise(pairs)
    said = f"Of the same {count(len(models.a.latents.mu), 'test image')}"
    if otherwise:
        said = f"{said} · measured in different ways, so in rows of their own: {', '.join(otherwise)}"
    st.caption(page.escape(said), help=page.escape(numbers.protocols(pairs)) or None)


def _neighbours(models: _Models, found: Neighbourhoods) -> None:
    """How many neighbours are kept."""
    for letter, checkpoint in (("A", models.a), ("B", models.b)):
        if health.is_of_no_use(checkpoint, health.EXPLORE):
            reason = health.STARTS[health.verdict(checkpoint).cause].replace("This model", f"Model {letter}")
            st.warning(f"{reason}: {NO_USE}", icon=":material/heart_broken:")
    if not found.neighbours:
        st.caption(TOO_FEW)
        return
    compared = f"{count(len(found.rows), 'test image')} with {count(found.neighbours, 'neighbour')} each"
    if len(found.rows) < found.images:
        compared += f", a sample (seed 0) of {found.images:,}"
    st.markdown(
        f"Kept neighbours: **{number(found.mean, 3)}** · by chance {number(found.by_chance, 3)}",
        help=f"{JACCARD} On average over {compared}.",
    )


def _changed(on_map: OnMap, models: _Models, found: Neighbourhoods) -> None:
    rows = found.changed_most(CHANGED)
    if not len(rows):
        if found.neighbours:
            st.caption("Every image has the same neighbours in both.")
        return
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        st.caption("Changed most", help=page.escape(MOST), width="stretch")
        if STATE.text("colour", "class") != BESIDE and clicks.button(
            "Colour the map", "comparison-colour", icon=":material/palette:", type="tertiary", help=COLOURED
        ):
            STATE.put("colour", BESIDE)
            st.rerun()
    index, here = found.of_every_image(), explore_place.here(on_map.shown).row
    chosen = next((place for place, row in enumerate(rows) if row == here), None)
    titles = [f"row {row:,}, kept neighbours {number(float(index[row]))}" for row in rows]
    layout = SheetLayout("Images whose neighbours changed most", selected=chosen, titles=titles)
    _pictures(on_map, models, rows, "comparison-changed", layout)


def _selected(on_map: OnMap, models: _Models) -> None:
    row = explore_place.here(on_map.shown).row
    if row is None:
        st.caption("Click an image to see it by both.")
    elif row >= len(models.a.latents.mu):
        st.caption("The selected image is no test image: only those are compared.")
    else:
        st.caption(f"Row {row:,}")
        layout = SheetLayout("The selected image by both models", tile=TILE, titles=[f"row {row:,}"])
        _pictures(on_map, models, np.array([row]), "comparison-selected", layout)


def _pictures(on_map: OnMap, models: _Models, rows: Rows, key: str, layout: SheetLayout) -> None:
    """Of each row the original, if it is on this machine, and below it what both models make of it; a click selects.
    `layout` has a title for each row.
    """
    lines = {} if models.originals is None else {"Original": models.originals[rows]}
    for letter, checkpoint in (("A", models.a), ("B", models.b)):
        try:
            lines[letter] = _reconstructed(checkpoint.identity, rows.tobytes(), checkpoint, rows)
        except VAEError as error:
            page.show_error(error)
    if not lines:
        return
    images = np.concatenate([small_images.reduced(line, SHARPEST) for line in lines.values()])
    titles = [f"{line} · {title}" for line in lines for title in layout.titles]
    whole = replace(layout, columns=len(rows), row_names=list(lines), titles=titles)
    clicked = picture_sheet.show(images, key, whole)
    if clicked is not None and events.is_new(key, clicked["id"]):
        explore_place.go(on_map.shown, Place(int(rows[clicked["index"] % len(rows)])))
        st.rerun()


@st.cache_data(max_entries=64, show_spinner="Reconstructing…")
def _reconstructed(identity: str, chosen: bytes, _checkpoint: Checkpoint, _rows: Rows) -> Pixels:
    return cache.decoded(_checkpoint, _checkpoint.latents.mu[_rows])
