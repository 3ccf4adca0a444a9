"""The shelf of pinned images at the top of a view: what it starts from, chosen there, and how to add more.

ui/shared/detail/pinned.py keeps them. While nothing is pinned the shelf shows the example that the view begins with.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from ui.components import events, picture_sheet
from ui.components.picture_sheet.picture_bytes import SheetLayout
from ui.generate import state
from ui.generate.pins import add_pin
from ui.generate.pins.add_pin import PinActions
from ui.shared import cache, page, pictures
from ui.shared.detail import pinned
from vae.checkpoints.checkpoint import Checkpoint
from vae.errors import DatasetError, GenerationError
from vae.generation.anchors import Anchor, parse

THROUGH = "through"
FIRST_ROW = "row:0"
TILE = 44  # CSS pixels
GAP = 3  # between two of them, and a little


def shelf(checkpoint: Checkpoint, label: str, example: Sequence[Anchor] = ()) -> Anchor:
    """The shelf; returns the chosen image: the outlined pin, or the first one of the example.

    `label` says what the view does with it. Without an example it is the first test image.
    """
    found = mine(checkpoint)
    shown = found or list(example) or [parse(FIRST_ROW, checkpoint)]
    with st.container(key="shelf", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{label}**", width="content")
        at = _pictures(checkpoint, shown, [found.index(chosen(checkpoint))] if found else [])
        titles = " and ".join(anchor.title for anchor in shown[at : at + (1 if found else 2)])
        st.markdown(page.escape(titles if found else f"{titles} (an example)"), width="content")
        _original(checkpoint, shown[at] if found else None)
        if st.button("Add an image", key="pins-add", icon=":material/add:"):
            st.session_state[add_pin.ADDING] = True
        if found:
            st.button(
                "Unpin",
                key="pins-remove",
                icon=":material/close:",
                type="tertiary",
                on_click=unpin,
                args=(checkpoint, shown[at].token),
            )
    add_pin.dialog(checkpoint, PinActions(pin, unpin, _rows))
    return shown[at]


def mine(checkpoint: Checkpoint) -> list[Anchor]:
    """The pins that this model can decode, oldest first."""

    def problem(token: str, error: GenerationError) -> None:
        state.problem(f"pin {token[:40]}", f"A pinned image was left out. {error.message}")

    found = pinned.mine(checkpoint, problem)
    state.show_pins([anchor.token for anchor in found])
    return found


def chosen(checkpoint: Checkpoint) -> Anchor:
    """The pinned image that views start from; there must be one."""
    found = mine(checkpoint)
    return found[state.whole(THROUGH, 0, 0, len(found) - 1)]


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


def _pictures(checkpoint: Checkpoint, shown: list[Anchor], selected: list[int]) -> int:
    """The shelf's pictures; which one is chosen."""
    images = cache.decoded(checkpoint, np.array([anchor.z for anchor in shown], np.float32))
    at = selected[0] if selected else 0
    layout = SheetLayout(
        "Pinned images" if selected else "Example",
        columns=len(shown),
        tile=TILE,
        selected=at if selected else None,
        titles=[anchor.title for anchor in shown],
    )
    click = picture_sheet.show(images, "pins", layout, width=len(shown) * (TILE + GAP) + 10)
    if selected and click and events.is_new("pins", click["id"]) and click["index"] != at:
        state.put(THROUGH, str(click["index"]))
        st.rerun()
    return at


def _rows(checkpoint: Checkpoint) -> list[int]:
    return [anchor.row for anchor in mine(checkpoint) if anchor.row is not None]


def _original(checkpoint: Checkpoint, anchor: Anchor | None) -> None:
    """What a test image looks like itself: the pin and the views show what the model makes of it."""
    if anchor is None or anchor.row is None:
        return
    try:
        image = cache.test_images(checkpoint).images[anchor.row]
    except DatasetError:
        return
    st.image(pictures.enlarged(image, TILE), width=TILE, output_format="PNG")
    names = cache.file_names(checkpoint)
    st.caption(f"Original{f', {page.escape(names[anchor.row])}' if names else ''}", width="content")
