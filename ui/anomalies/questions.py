"""What the page asks before it answers: what is normal, and what is to be checked. Nothing is computed here."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ui.anomalies import retrain, settings
from ui.anomalies.state import REVIEW, STATE
from ui.components import picture_sheet
from ui.components.picture_sheet.picture_bytes import SheetLayout
from ui.shared import cache
from ui.shared.formatting import count
from vae.anomalies.normal_images import NormalChoice
from vae.checkpoints.checkpoint import Checkpoint
from vae.data.image_dataset import ImageDataset

SHOWN, TILE = 12, 56  # pictures of each kind, and CSS pixels


def show(checkpoint: Checkpoint) -> None:
    """The two questions, some pictures of each answer, and the button that checks."""
    with st.container(border=True):
        st.markdown("**1 · What is normal?**")
        choice = settings.normal_choice(checkpoint)
        _examples(_some_normal(cache.train_images(checkpoint), choice), "anomalies-normal-ones", "Normal images")
        retrain.show(checkpoint, choice)
    with st.container(border=True):
        st.markdown("**2 · What do you want to check?**")
        kind = settings.source_kind()
        wanted = settings.wanted(checkpoint, kind)
        if wanted is not None:
            choice = settings.with_aliases(checkpoint, choice, wanted.source)
            _examples(_first(checkpoint, kind), "anomalies-checked-ones", "Images to check")
        if kind == "test" and not choice.classes and len(checkpoint.dataset.class_names) > 1:
            st.caption(
                ":material/info: All classes are normal, so the test split holds no outliers. Choose some classes, or "
                "check other images."
            )
    label = f"Check {count(wanted.source.total, 'image')}" if wanted else "Check"
    st.button(
        label,
        key="anomalies-check",
        type="primary",
        icon=":material/troubleshoot:",
        disabled=wanted is None,
        help=None if wanted else "Choose images to check first.",
        on_click=STATE.put,
        args=("step", REVIEW),
    )


def _some_normal(images: ImageDataset, choice: NormalChoice) -> NDArray[np.uint8]:
    """A few training images of the normal classes, of each in turn."""
    labels = [label for label in choice.labels(images.class_names) if np.any(images.labels == label)][:SHOWN]
    rows = [np.flatnonzero(images.labels == label)[: SHOWN // len(labels) + 1] for label in labels]
    return np.asarray(images.images[np.concatenate(rows)[:SHOWN]]) if rows else np.empty((0, 1, 1, 1), np.uint8)


def _first(checkpoint: Checkpoint, kind: str) -> NDArray[np.uint8] | None:
    """The first pictures of a data set; files are seen when they are checked."""
    if kind == "test":
        return np.asarray(cache.test_images(checkpoint).images[:SHOWN])
    if kind == "dataset":
        return np.asarray(cache.split(settings.set_name(checkpoint), "test").images[:SHOWN])
    return None


def _examples(pixels: NDArray[np.uint8] | None, key: str, label: str) -> None:
    if pixels is not None and len(pixels):
        picture_sheet.show(pixels, key, SheetLayout(label, tile=TILE))
