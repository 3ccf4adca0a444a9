"""A map: places of all images in a plane, and how they were made. numpy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

USUAL_PERPLEXITY = 30.0  # of t-SNE, where there are images enough for it: 91


@dataclass(frozen=True)
class ProjectionMap:
    """Places of all images on one map: xy (N, 2) float32, how it was made, and how well it keeps neighbours."""

    method: str
    xy: NDArray[np.float32]
    parameters: dict[str, Any]
    quality: dict[str, Any]
    linear: LinearMap | None = None

    def adapted(self) -> str:
        """What to say of t-SNE's perplexity where it was made to fit few images; empty where it wasn't."""
        perplexity = self.parameters.get("perplexity")
        if self.parameters.get("adapted") is not True or not isinstance(perplexity, int | float):
            return ""
        return f"Perplexity {perplexity:.3g}: too few images for the default of {USUAL_PERPLEXITY:g}."


@dataclass(frozen=True)
class LinearMap:
    """xy = (mu - mean) @ components.T: mean (d,), components (2, d). Lets any latent be placed on the map."""

    mean: NDArray[np.float32]
    components: NDArray[np.float32]

    def place(self, z: NDArray[np.floating]) -> NDArray[np.float64]:
        """Where latents (…, d) are on the map: (…, 2)."""
        return (np.asarray(z, np.float64) - self.mean) @ self.components.T.astype(np.float64)

    def latent(self, xy: NDArray[np.floating], base: NDArray[np.floating]) -> NDArray[np.float64]:
        """The latents (…, d) that are at places (…, 2), and as base (…, d) in all that the map doesn't show.

        The rows of `components` are orthonormal, or zero where there are fewer dimensions than two.
        """
        away = np.asarray(xy, np.float64) - self.place(base)
        return np.asarray(base, np.float64) + away @ self.components.astype(np.float64)
