"""The pictures of selected images, by their rows on the map, whatever split they are of."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ui.explore import shown_images
from ui.explore.shown_images import OnMap
from vae.checkpoints import every_image
from vae.selection import description

AT_ONCE = 2_000  # images in memory while their mean is taken

Pixels = NDArray[np.uint8]
Rows = NDArray[np.int64]


def parts(on_map: OnMap) -> list[Pixels]:
    """The images (n, C, H, W) of each split that is on the map, in the order of the rows. Raises as
    `shown_images.image_set` does.
    """
    splits = [split for split in every_image.SPLITS if on_map.images.counts[split]]
    return [shown_images.image_set(on_map, split).images for split in splits]


def of_rows(on_map: OnMap, rows: Rows) -> Pixels:
    """The images (n, C, H, W) of rows (n,), in their order. Raises as `parts` does."""
    found = np.empty((len(rows), *on_map.checkpoint.model.image_shape), np.uint8)
    start = 0
    for part in parts(on_map):
        here = (rows >= start) & (rows < start + len(part))
        found[here] = part[rows[here] - start]
        start += len(part)
    return found


def mean(on_map: OnMap, rows: Rows, digest: str) -> Pixels:
    """The mean (C, H, W) of the images of these rows, which `digest` stands for. Raises as `parts` does."""
    parts(on_map)  # what is missing is said, not kept
    return _mean(on_map.checkpoint.dataset.test_fingerprint, digest, rows, on_map)


@st.cache_data(max_entries=16, show_spinner=False)
def _mean(fingerprint: str, digest: str, _rows: Rows, _on_map: OnMap) -> Pixels:
    total = np.zeros(_on_map.checkpoint.model.image_shape)
    for start in range(0, len(_rows), AT_ONCE):
        total += of_rows(_on_map, _rows[start : start + AT_ONCE]).sum(0, dtype=np.float64)
    return np.round(total / len(_rows)).astype(np.uint8)


def typical(on_map: OnMap, rows: Rows, digest: str) -> Rows:
    """The rows, those first that are nearest to their mean in latent space."""
    return _typical(on_map.checkpoint.identity, digest, rows, on_map)


@st.cache_data(max_entries=16, show_spinner=False)
def _typical(identity: str, digest: str, _rows: Rows, _on_map: OnMap) -> Rows:
    return description.by_typicality(_on_map.images.latents.mu, _rows)
