"""The tool for one own image, in the panel's place while it is open. All that follows the pen is done in the page.

Imported once the tool is opened: the first view of Explore does without what it brings.
"""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ui.components import clicks, model_store, own_image, reach
from ui.components.model_store import browser_model
from ui.components.own_image import OwnImageData
from ui.explore import latent_map, originals
from ui.explore.latent_map import MapChoice
from ui.explore.own_image import paper
from ui.explore.shown_images import OnMap
from ui.explore.state import STATE
from ui.shared import cache, explore_place, page, terms
from ui.shared.detail import detail_panel
from ui.shared.explore_place import Place
from vae.checkpoints.checkpoint import Checkpoint
from vae.errors import DatasetError
from vae.generation import anchors
from vae.generation.anchors import Anchor

TERMS = {name: terms.OF_PANEL[name] for name in ("elbo", "kl", "log_likelihood", "code")}
TITLE = "own image"
HELP = (
    "Draw, drop, paste (Ctrl+V), open or photograph one image. The encoder runs in this page: nothing is uploaded. "
    "Pictures are fitted as imported ones are: the middle is cut out, scaled, and made grey for grey models. "
    "A click on the map or on a nearest image puts that image on the canvas."
)
NOT_HERE = (
    "This model's encoder is too large for the page, or its images are neither grey nor colour. "
    "Generate encodes an image in Python: Add an image, Own image."
)


def bring(on_map: OnMap) -> None:
    """Bring the encoder, which the tool needs beside the sheet of images, into the page."""
    checkpoint = on_map.checkpoint
    if browser_model.can_encode(checkpoint):
        model_store.store_encoder(cache.encoder_bytes(checkpoint), key=f"store-encoder-{checkpoint.identity[:16]}")


@st.fragment
def show(on_map: OnMap, choice: MapChoice) -> None:
    """Runs alone when a stroke has ended, for what can be done with it then."""
    with page.error_boundary():
        checkpoint = on_map.checkpoint
        key = f"own-{checkpoint.identity[:16]}"
        view = own_image.view_of(
            st.session_state.get(key, {}).get("view"), checkpoint.model.latent_dim, len(on_map.shown.latents.mu)
        )
        _actions(checkpoint, view["mean"] if view else None)
        if not browser_model.can_encode(checkpoint):
            st.info(NOT_HERE, icon=":material/info:")
            return
        own_image.show(_data(on_map, choice, view["wanted"] if view else None), key=key)


def _actions(checkpoint: Checkpoint, z: list[float] | None) -> None:
    """The same as of pictures on other pages, and the way back."""
    anchor = anchors.of_vector(np.clip(np.array(z), -anchors.MAX_VALUE, anchors.MAX_VALUE), TITLE) if z else None
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="own_actions"):
        st.markdown("**Own image**", width="stretch", help=page.escape(HELP))
        detail_panel.pin(checkpoint, anchor, "own")
        if clicks.button(
            "Explore from here",
            "own-explore",
            icon=":material/explore:",
            disabled=anchor is None,
            help="Put its posterior mean on the sliders",
        ):
            _leave(checkpoint, anchor)
        if clicks.button("Close", "own-close", icon=":material/close:", type="tertiary", help="Back to the sliders"):
            _leave(checkpoint, None)


def _leave(checkpoint: Checkpoint, anchor: Anchor | None) -> None:
    if anchor is not None:
        explore_place.go(checkpoint, Place(None, anchor.z))
    STATE.put("own", "no")
    st.rerun()


def _data(on_map: OnMap, choice: MapChoice, wanted: int | None) -> OwnImageData:
    checkpoint = on_map.checkpoint
    reading = checkpoint.dataset.reading
    colour = _paper(checkpoint)
    return {
        "fingerprint": browser_model.fingerprint(on_map.shown, on_map.maps),
        "encoder": checkpoint.identity,
        "sheet_of": None if colour is None else on_map.sheet_name,
        "image_shape": list(checkpoint.model.image_shape),
        "class_names": list(checkpoint.dataset.class_names),
        "latent_dim": checkpoint.model.latent_dim,
        "count": len(on_map.shown.latents.mu),
        "tests": len(checkpoint.latents.mu),
        "paper": colour or [0] * checkpoint.model.image_shape[0],
        "reading": {
            "background": reading.background,
            "values": list(reading.values) if reading.values else None,
            "fit": reading.fit,
        },
        "reach": reach.reach_data(cache.reach(checkpoint)),
        "map": latent_map.link_description(choice),
        "original": originals.of_row(on_map, wanted),
        "terms": TERMS,
    }


def _paper(checkpoint: Checkpoint) -> list[int] | None:
    """None where the images are not on this machine."""
    try:
        images = cache.test_images(checkpoint)
    except DatasetError:
        return None
    return _paper_of(images.fingerprint, images.images)


@st.cache_resource(max_entries=16, show_spinner=False)
def _paper_of(fingerprint: str, _images: NDArray[np.uint8]) -> list[int]:
    return paper.paper_of(_images)
