"""Which of many samples may be copies: each one's nearest training image by pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ui.shared import cache, page
from ui.shared.progress_cache import Bar, remembered
from vae.checkpoints.checkpoint import Checkpoint
from vae.errors import DatasetError
from vae.sample_quality import copies
from vae.sample_quality.copies import NearestImages


def nearest_of(checkpoint: Checkpoint, images: NDArray[np.uint8], drawn: Any) -> NearestImages | None:
    """The nearest training image of every picture (N, C, H, W), None where the images are not on this machine.

    `drawn` says how the pictures were made, to remember what was found.
    """
    try:
        data = cache.train_images(checkpoint)
    except DatasetError:
        return None

    def search() -> NearestImages:
        with Bar("Comparing with training images") as bar:
            return copies.nearest(images, data.images, bar.update)

    return remembered(("copies", checkpoint.identity, drawn), search)


def caption(checkpoint: Checkpoint, images: NDArray[np.uint8], drawn: Any) -> None:
    """How many may be copies, and what that is measured by."""
    found = nearest_of(checkpoint, images, drawn)
    if found is None:
        st.caption("They are shown as drawn: the training images to compare with are not on this machine.")
        return
    known = cache.copy_references(checkpoint)
    near = int(known.may_be_copies(found, np.asarray(cache.train_images(checkpoint).labels)).sum())
    st.markdown(
        f"**{near:,} of {len(images):,}** may be copies of training images; those nearest to one come first.",
        help=page.escape(
            "Nearer to a training image than 99 % of the reconstructions of test images near the same class are (95 % "
            "where fewer than 100 are known); of pictures like reconstructions 1 % would be (5 %). Euclidean over "
            f"pixels in [0, 1], measured on {known.of_all.count:,}. A plain stroke is near another one "
            "without being its copy."
        ),
    )
