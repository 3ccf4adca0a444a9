"""What the axes of a map mean. No streamlit."""

from __future__ import annotations

from collections.abc import Mapping

from ui.shared.figures import Axis
from vae.maps.projection import ProjectionMap


def of(method: str, dims: tuple[int, int | None], maps: Mapping[str, ProjectionMap]) -> tuple[Axis, Axis]:
    """Across and up; `dims` are the latent dimensions that a map of latent axes shows."""
    if method == "latent":
        x, y = dims
        return Axis(f"z{x} (posterior mean)"), Axis("" if y is None else f"z{y} (posterior mean)", y is not None)
    if method == "pca":
        shares = [*maps["pca"].quality.get("explained_variance_ratio", []), 0.0, 0.0]
        return Axis(f"PC 1 ({shares[0]:.0%} of the variance)"), Axis(f"PC 2 ({shares[1]:.0%})")
    return Axis("", measured=False), Axis("", measured=False)
