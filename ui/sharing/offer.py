"""Below Explore's model: what is seen there as a file to hand out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from ui.components.model_store import browser_model
from ui.explore.latent_map import MapChoice
from ui.explore.shown_images import OnMap
from ui.shared import explore_place
from ui.shared.explore_place import Place
from vae.checkpoints.checkpoint import Checkpoint

MOST = 10_000  # test images
HELP = (
    "One HTML file with this map, the live decoder and the test images (the first 10,000 at most). It opens from disk, "
    "with the network off. It holds the images: hand it only to people who may see them."
)


def show(on_map: OnMap, choice: MapChoice) -> None:
    """A download, made when it is asked for, which opens on what is seen now."""
    if not browser_model.can_decode(on_map.checkpoint):
        return
    with st.sidebar:
        st.download_button(
            "Save as a web page",
            partial(_page, on_map.checkpoint, on_map.shown, choice, explore_place.later(on_map.shown)),
            f"{on_map.checkpoint.name}.html",
            "text/html",
            key="share",
            icon=":material/ios_share:",
            type="tertiary",
            on_click="ignore",
            help=HELP,
        )


def _page(checkpoint: Checkpoint, shown: Checkpoint, choice: MapChoice, here: Callable[[], Place]) -> bytes:
    from ui.sharing import walk_data, walk_page  # not before: the first view does without them

    place = here()
    tests = place.row is None or place.row < len(checkpoint.latents.mu)
    z = None if place.z is None and tests else explore_place.vector(shown, place)
    row = place.row if tests else None
    start = walk_data.Start(choice.method, choice.colour, choice.axes, row, None if z is None else tuple(z))
    return walk_page.of(walk_data.of(checkpoint, MOST, start))
