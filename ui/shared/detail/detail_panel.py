"""The detail panel: what was chosen among a page's pictures, always at the right, with the same actions in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui.components import clicks
from ui.shared import explore_place, page
from ui.shared.detail import pinned
from ui.shared.explore_place import Place
from vae.checkpoints.checkpoint import Checkpoint, FloatArray
from vae.errors import GenerationError
from vae.generation import anchors
from vae.generation.anchors import Anchor

SHARES = [3.3, 1.2]  # of the width: the pictures, the panel


@dataclass(frozen=True, eq=False)
class Chosen:
    """What the panel is about: a latent vector (d,), what people call it, and its test image if it is one.

    `picture` makes the PNG that is downloaded (vae/data/slides.py); `after_pin` runs once it is pinned.
    """

    z: FloatArray
    title: str
    file_name: str
    picture: Callable[[], bytes]
    row: int | None = None
    after_pin: Callable[[], None] = lambda: None

    def anchor(self, checkpoint: Checkpoint) -> Anchor:
        """The place as pins keep it, as near as they can."""
        if self.row is not None:
            return anchors.parse(f"row:{self.row}", checkpoint)
        return anchors.of_vector(np.clip(self.z, -anchors.MAX_VALUE, anchors.MAX_VALUE), self.title)


@dataclass(frozen=True)
class PanelColumns:
    """Where the pictures go, and where the panel does: below them in a narrow window."""

    pictures: DeltaGenerator
    panel: DeltaGenerator


def beside() -> PanelColumns:
    """The two parts of a page that has a panel; once a page."""
    with st.container(key="side_by_side"):
        pictures, panel = st.columns(SHARES, gap="medium")
    return PanelColumns(pictures, panel)


def actions(checkpoint: Checkpoint, chosen: Chosen, key: str) -> None:
    """Pin, Explore from here, Download."""
    anchor = chosen.anchor(checkpoint)
    with st.container(horizontal=True, gap="xsmall"):
        pin(checkpoint, anchor, key, chosen.after_pin)
        explore(checkpoint, anchor, key)
        st.download_button(
            "Download",
            chosen.picture,
            chosen.file_name,
            "image/png",
            key=f"{key}-download",
            on_click="ignore",
            icon=":material/download:",
            help="This picture as a PNG for a slide",
        )


def pin(checkpoint: Checkpoint, anchor: Anchor | None, key: str, after: Callable[[], None] = lambda: None) -> None:
    """The one that keeps an image, alone; without an anchor there is nothing to keep yet."""
    there = anchor is not None and pinned.has(checkpoint, anchor)
    if (
        clicks.button(
            "Pinned" if there else "Pin",
            f"{key}-pin",
            icon=":material/check:" if there else ":material/keep:",
            disabled=there or anchor is None,
            help="Keep this image: the views of Generate can start from it",
        )
        and anchor is not None
    ):
        try:
            pinned.add(checkpoint, anchor)
        except GenerationError as error:
            page.show_error(error)
            return
        after()
        st.rerun()


def explore(checkpoint: Checkpoint, anchor: Anchor, key: str) -> None:
    """The one that leads to Explore, alone."""
    if clicks.button(
        "Explore from here", f"{key}-explore", icon=":material/explore:", help="Open Explore at this latent vector"
    ):
        explore_place.go(checkpoint, Place(anchor.row) if anchor.row is not None else Place(None, anchor.z))
        st.switch_page("app.py")
