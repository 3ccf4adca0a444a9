"""A map: places of all images in a plane, and how they were made. numpy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

USUAL_PERPLEXITY = 30.0  # of t-SNE, where there are images enough for it: 91
USUAL_NEIGHBOURS = 15  # of UMAP, where there are images enough for them: 46
TITLES = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}


@dataclass(frozen=True)
class ProjectionMap:
    """Places of all images on one map: xy (N, 2) float32, how it was made, and how well it keeps neighbours."""

    method: str
    xy: NDArray[np.float32]
    parameters: dict[str, Any]
    quality: dict[str, Any]
    linear: LinearMap | None = None

    def adapted(self) -> str:
        """What to say of t-SNE's perplexity or UMAP's neighbours where they were made to fit few images; empty where
        they weren't.
        """
        if self.parameters.get("adapted") is not True:
            return ""
        images = "there is only 1 image" if len(self.xy) == 1 else f"there are only {len(self.xy)} images"
        perplexity, neighbours = self.parameters.get("perplexity"), self.parameters.get("neighbours")
        if isinstance(perplexity, int | float):
            return f"Perplexity {perplexity:.3g} instead of {USUAL_PERPLEXITY:g}, because {images}."
        if isinstance(neighbours, int):
            return f"{neighbours} neighbours instead of {USUAL_NEIGHBOURS}, because {images}."
        return ""


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
