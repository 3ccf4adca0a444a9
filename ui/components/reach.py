"""What a page knows of how far the data reaches, as plain values for components. No streamlit."""

from __future__ import annotations

from typing import TypedDict

from vae.generation.holes import Reach


class ReachData(TypedDict):
    """`vae.generation.holes.Reach` as plain values: farther than `limit` from every image, in `dims`, is a hole; nearer
    than `usual` are three in four new images.
    """

    dims: list[int]
    usual: float
    limit: float


def reach_data(known: Reach) -> ReachData | None:
    """For the page; None where there are too few images for a limit."""
    return {"dims": known.dims.tolist(), "usual": known.usual, "limit": known.limit} if known.is_measured else None
