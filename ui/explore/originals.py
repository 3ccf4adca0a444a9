"""Images of the data set as the page's components take them."""

from __future__ import annotations

from typing import Any

from ui.components.live_decoder import panel_data
from ui.explore.shown_images import OnMap
from ui.shared import cache
from vae.errors import DatasetError, DatasetMissingError


def of_row(on_map: OnMap, row: int | None) -> dict[str, Any] | None:
    """Pixels of the image of a row, or why there are none; None without a row."""
    if row is None:
        return None
    at = on_map.images.place(row)
    try:
        images = cache.images_of(on_map.checkpoint, at.split)
    except DatasetMissingError:
        return {"row": row, "pixels": None, "problem": "Not on this machine"}
    except DatasetError as error:
        return {"row": row, "pixels": None, "problem": error.message}
    if at.row >= len(images.images):
        problem = f"The data set on this machine has {len(images.images):,} {at.split} images, not this one"
        return {"row": row, "pixels": None, "problem": problem}
    name = images.file_names[at.row] if images.file_names else ""
    return {"row": row, "pixels": panel_data.pixels_base64(images.images[at.row]), "name": name}
