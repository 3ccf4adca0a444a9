"""The pinned images, in the sidebar of the Generate page: what its views start from and join.

A pin is a token (vae/generation/anchors.py), so that a link can carry it. Test images and class means go along when
another model of the same images is chosen; latent vectors belong to the model they were pinned with.
"""

from __future__ import annotations

import numpy as np
import streamlit as st

from ui.components import events, picture_sheet
from ui.components.picture_sheet.picture_bytes import SheetLayout
from ui.generate import state
from ui.generate.pins import add_pin
from ui.generate.pins.add_pin import PinActions
from ui.shared import cache, page, pictures
from ui.shared.detail import detail_panel, pinned
from vae.checkpoints.checkpoint import Checkpoint
from vae.errors import DatasetError, GenerationError
from vae.generation.anchors import Anchor, parse

THROUGH = "through"
FIRST_ROW = "row:0"
ORIGINAL_WIDTH = 54


def show(checkpoint: Checkpoint) -> None:
    """The pinned images, what can be done with the chosen one, and how to add more."""
    with st.sidebar:
        st.markdown(
            "**Pinned images**",
            help="Manifold, Traversals and Directions start from the outlined one; Interpolation joins several.",
        )
        found = mine(checkpoint)
        with st.container():  # one element whatever is in it: the popover below keeps its place and stays open
            if found:
                _pictures(checkpoint, found)
            else:
                st.caption("None yet. Pin a sample, or add an image.")
        with st.popover("Add an image", icon=":material/add:", width="stretch"):
            add_pin.show(checkpoint, PinActions(pin, unpin, _rows))


def mine(checkpoint: Checkpoint) -> list[Anchor]:
    """The pins that this model can decode, oldest first."""

    def problem(token: str, error: GenerationError) -> None:
        state.problem(f"pin {token[:40]}", f"A pinned image was left out. {error.message}")

    found = pinned.mine(checkpoint, problem)
    state.show_pins([anchor.token for anchor in found])
    return found


def chosen(checkpoint: Checkpoint) -> Anchor:
    """The pinned image that views start from; the first test image while nothing is pinned."""
    found = mine(checkpoint)
    if not found:
        return parse(FIRST_ROW, checkpoint)
    return found[state.whole(THROUGH, 0, 0, len(found) - 1)]


def start(checkpoint: Checkpoint) -> str:
    """What views start from, in a sentence."""
    title = chosen(checkpoint).title
    if mine(checkpoint):
        return f"Starts from the pinned image that is outlined: {title}."
    return f"Nothing is pinned, so it starts from test {title}."


def pin(checkpoint: Checkpoint, anchor: Anchor) -> None:
    """Keep an image and choose it. Raises GenerationError when as many are pinned as there can be."""
    pinned.add(checkpoint, anchor)
    choose(checkpoint, anchor)


def choose(checkpoint: Checkpoint, anchor: Anchor) -> None:
    """Start from this one of the pinned images."""
    state.put(THROUGH, str([one.token for one in mine(checkpoint)].index(anchor.token)))


def choose_last(checkpoint: Checkpoint) -> None:
    """Start from the image that was pinned last."""
    choose(checkpoint, mine(checkpoint)[-1])


def unpin(checkpoint: Checkpoint, token: str) -> None:
    """Unpin an image of this model's; nothing happens when it is pinned no more."""
    there = [anchor.token for anchor in mine(checkpoint)]
    if token not in there:
        return
    pinned.tokens().remove(token)
    state.put(THROUGH, "0")
    state.forget_pin(there.index(token))


def _pictures(checkpoint: Checkpoint, found: list[Anchor]) -> None:
    current = chosen(checkpoint)
    images = cache.decoded(checkpoint, np.array([anchor.z for anchor in found], np.float32))
    at = found.index(current)
    click = picture_sheet.show(images, "pins", SheetLayout("Pinned images", columns=4, tile=54, selected=at))
    if click and events.is_new("pins", click["id"]) and click["index"] != at:
        state.put(THROUGH, str(click["index"]))
        st.rerun()
    st.caption(f"**{page.escape(current.title)}**")
    _original(checkpoint, current)
    with st.container(horizontal=True, gap="small"):
        detail_panel.explore(checkpoint, current, "pins")
        st.button(
            "",
            key="pins-remove",
            icon=":material/close:",
            help="Unpin this image",
            on_click=unpin,
            args=(checkpoint, current.token),
        )


def _rows(checkpoint: Checkpoint) -> list[int]:
    return [anchor.row for anchor in mine(checkpoint) if anchor.row is not None]


def _original(checkpoint: Checkpoint, anchor: Anchor) -> None:
    """What a test image looks like itself: the pin and the views show what the model makes of it."""
    if anchor.row is None:
        return
    try:
        image = cache.test_images(checkpoint).images[anchor.row]
    except DatasetError:
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.image(pictures.enlarged(image, ORIGINAL_WIDTH), width=ORIGINAL_WIDTH, output_format="PNG")
        names = cache.file_names(checkpoint)
        which = f"The original, {page.escape(names[anchor.row])}." if names else "The original."
        st.caption(f"{which} Above and in the views: what the model makes of it.")
