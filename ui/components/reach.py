"""What a page knows of how far the data reaches, as plain values for components. No streamlit."""

from __future__ import annotations

from typing import TypedDict

from vae.generation.holes import Reach


class ReachData(TypedDict):
    """`vae.generation.holes.Reach` as plain values: farther than `limit` from every image, in `dims`, is a hole."""

    dims: list[int]
    limit: float


def reach_data(known: Reach) -> ReachData | None:
    """For the page; None where there are too few images for a limit."""
    return {"dims": known.dims.tolist(), "limit": known.limit} if known.is_measured else None
