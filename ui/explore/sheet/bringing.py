"""Bring the images on the map into the page, small, on one sheet: for nearest images and for pictures on the map.

Imported once somebody needs them: the first view of Explore does without.
"""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ui.components import image_sheet
from ui.explore.sheet import small_images
from ui.explore.shown_images import OnMap
from ui.shared import cache, page
from vae.checkpoints import every_image
from vae.errors import DatasetError


def bring(on_map: OnMap) -> None:
    """Bring the sheet once the page is drawn; nothing where the images are not on this machine."""
    place = st.container(key="store-sheet")

    def bring_sheet() -> None:
        if (found := _sheet(on_map)) is not None:
            with place:
                image_sheet.bring(found, key=f"store-sheet-{on_map.sheet_name[:24]}")

    page.later(bring_sheet)


def _sheet(on_map: OnMap) -> bytes | None:
    """The small images of all rows; None where they are not on this machine."""
    splits = [split for split in every_image.SPLITS if on_map.images.counts[split]]
    try:
        images = [cache.images_of(on_map.checkpoint, split).images for split in splits]
    except DatasetError:
        return None
    return _packed(on_map.sheet_name, images)


@st.cache_resource(max_entries=4, show_spinner=False)
def _packed(name: str, _images: list[NDArray[np.uint8]]) -> bytes:
    return small_images.packed(_images[0] if len(_images) == 1 else np.concatenate(_images), name)
