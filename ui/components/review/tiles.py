"""The tiles of a review as bytes for review.js. No streamlit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

MOST_TILES = 200
MOST_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Tile:
    """One image: its name and score as they are read, whether it is flagged, and "confirmed", "rejected" or ""."""

    name: str
    score: str
    flagged: bool
    mark: str = ""


@dataclass(frozen=True)
class Review:
    """What the tiles are, for screen readers; which one is chosen; the words on the line between flagged and not.

    Marks are taken over when `revision` or the tiles differ from before; otherwise the person's own are kept.
    """

    label: str
    line: str
    selected: int | None = None
    revision: int = 0


@dataclass(frozen=True)
class Content:
    """What is sent, and the name of these tiles, which changes with their pictures and names."""

    data: bytes
    name: str


def pack(pixels: NDArray[np.uint8], tiles: Sequence[Tile], review: Review) -> Content:
    """One safetensors file: "pixels" (n, C, H, W), and all else as JSON. Raises ValueError for what doesn't fit."""
    if pixels.dtype != np.uint8 or pixels.ndim != 4 or len(pixels) != len(tiles):
        raise ValueError(f"Expected uint8 pictures (n, C, H, W) for {len(tiles)} tiles, found {pixels.shape}.")
    if len(pixels) > MOST_TILES or pixels.nbytes > MOST_BYTES:
        raise ValueError(f"Expected at most {MOST_TILES} pictures and {MOST_BYTES} bytes, found {pixels.shape}.")
    pixels = np.ascontiguousarray(pixels)
    named = json.dumps([str(pixels.shape), *(tile.name for tile in tiles)])
    name = hashlib.sha256(named.encode("utf-8", "surrogatepass") + pixels.tobytes()).hexdigest()[:16]
    about = asdict(review) | {"name": name, "tiles": [asdict(tile) for tile in tiles]}
    return Content(safetensors.numpy.save({"pixels": pixels}, {"review": json.dumps(about)}), name)
