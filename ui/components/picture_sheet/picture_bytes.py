"""What the grid of pictures is made of, as bytes for sheet.js. No torch, no streamlit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

MAX_PICTURES = 128 * 21  # a traversal of 128 dimensions in 21 steps
MAX_BYTES = 64 * 2**20  # far beyond what a page can show; Streamlit's limit for a message is 200 MB


@dataclass(frozen=True)
class SheetLayout:
    """How a grid of pictures is laid out, marked and named.

    Parameters
    ----------
    label
        What the pictures are, for screen readers.
    columns
        Pictures in a row; None: as many as fit.
    tile
        Width of a picture in CSS pixels; None: what fits the width, from 20 to 112.
    selected
        The picture with the outline. While it and the images stay the same, the person's own choice is kept.
    picked
        Pictures with a tick, when any number can be picked: a click then adds or removes one. None: a click chooses.
        As long as the images stay the same, the person's own picks are kept; another `key` takes these over again.
    row_names, row_titles, column_names
        At the left, as the tooltips of these, and above.
    titles
        What each picture is called under the mouse; without: its number.
    """

    label: str
    columns: int | None = None
    tile: int | None = None
    selected: int | None = None
    picked: Sequence[int] | None = None
    row_names: Sequence[str] = ()
    row_titles: Sequence[str] = ()
    column_names: Sequence[str] = ()
    titles: Sequence[str] = ()


def pack(images: NDArray[np.uint8], layout: SheetLayout) -> bytes:
    """One safetensors file: "pixels" uint8 (N, C, H, W), and the layout as JSON in the metadata.

    The same arguments give the same bytes, so Streamlit sends nothing twice. Raises ValueError for what is no pictures.
    """
    _check(images, layout)
    pixels = np.ascontiguousarray(images)
    columns, tile, selected, picked = layout.columns, layout.tile, layout.selected, layout.picked
    about = asdict(layout) | {
        "fingerprint": fingerprint(pixels),
        "columns": None if columns is None else int(columns),  # numpy's integers are no JSON
        "tile": None if tile is None else int(tile),
        "selected": None if selected is None or not 0 <= selected < len(pixels) else int(selected),
        "picked": None if picked is None else sorted({int(i) for i in picked if 0 <= i < len(pixels)}),
    }
    return safetensors.numpy.save({"pixels": pixels}, {"sheet": json.dumps(about)})


def fingerprint(images: NDArray[np.uint8]) -> str:
    """Names exactly these pictures."""
    shape = "x".join(map(str, images.shape))
    return hashlib.sha256(shape.encode() + np.ascontiguousarray(images).tobytes()).hexdigest()[:16]


def _check(images: NDArray[np.uint8], layout: SheetLayout) -> None:
    if images.dtype != np.uint8 or images.ndim != 4 or 0 in images.shape[1:]:
        raise ValueError(f"Expected uint8 pictures (N, C, H, W), found {images.dtype} {images.shape}.")
    if len(images) > MAX_PICTURES or images.nbytes > MAX_BYTES:
        raise ValueError(f"Expected at most {MAX_PICTURES} pictures and {MAX_BYTES} bytes, found {images.shape}.")
    for name, value in (("columns", layout.columns), ("tile", layout.tile)):
        if value is not None and value < 1:
            raise ValueError(f"Expected {name} of at least 1, found {value}.")
