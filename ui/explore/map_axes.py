"""What the axes of a map mean, and where the images are on them. No streamlit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ui.shared.figures import Axis
from vae.checkpoints.checkpoint import FloatArray
from vae.checkpoints.dimension_names import NONE, DimensionNames
from vae.maps.projection import ProjectionMap


def of(
    method: str, dims: tuple[int, int | None], maps: Mapping[str, ProjectionMap], names: DimensionNames = NONE
) -> tuple[Axis, Axis]:
    """Across and up; `dims` are the latent dimensions of a map of latent axes, `names` what people call them."""
    if method == "latent":
        x, y = dims
        across, up = ("" if j is None else f"{names.label(j)} (posterior mean)" for j in (x, y))
        return Axis(across), Axis(up, y is not None)
    if method == "pca":
        shares = [*maps["pca"].quality.get("explained_variance_ratio", []), 0.0, 0.0]
        return Axis(f"PC 1 ({shares[0]:.0%} of the variance)"), Axis(f"PC 2 ({shares[1]:.0%})")
    return Axis("", measured=False), Axis("", measured=False)


def places(method: str, dims: tuple[int, int | None], maps: Mapping[str, ProjectionMap], mu: FloatArray) -> FloatArray:
    """(N, 2): where images with the posterior means (N, d) are; of a map in `maps`, those that it has."""
    if method != "latent":
        return maps[method].xy
    x, y = dims
    return np.stack([mu[:, x], np.zeros(len(mu), np.float32) if y is None else mu[:, y]], axis=1)
