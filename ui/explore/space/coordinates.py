"""Three coordinates of latent vectors: of latent axes, or of the first three principal components. No streamlit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vae.checkpoints.checkpoint import FloatArray
from vae.checkpoints.dimension_names import DimensionNames
from vae.maps.projection import LinearMap, ProjectionMap


@dataclass(frozen=True, eq=False)
class Coordinates:
    """axes · (z − mean): mean (d,), axes (3, d); what each is called."""

    mean: NDArray[np.float64]
    axes: NDArray[np.float64]
    titles: tuple[str, str, str]

    def places(self, mu: FloatArray) -> FloatArray:
        """Of latents (N, d): (N, 3)."""
        found: FloatArray = ((mu - self.mean) @ self.axes.T).astype(np.float32)
        return found


def of_latent_axes(dims: tuple[int, int, int], latent_dim: int, names: DimensionNames) -> Coordinates:
    """Three of the latent dimensions."""
    x, y, z = (names.label(j) for j in dims)
    return Coordinates(np.zeros(latent_dim), np.eye(latent_dim)[list(dims)], (x, y, z))


def of_components(pca: ProjectionMap, mu: FloatArray) -> Coordinates:
    """The plane of a PCA map of the means (N, d), and the direction across it in which they vary most."""
    linear = pca.linear or LinearMap(mu.mean(0), np.zeros((2, mu.shape[1]), np.float32))  # of a file without a plane
    mean, plane = linear.mean.astype(np.float64), linear.components.astype(np.float64)
    away = mu - mean
    variances = away.var(0)
    rest = away - (away @ plane.T) @ plane
    covariance = rest.T @ rest / len(rest)
    third = np.linalg.eigh(covariance)[1][:, -1]
    third = third - plane.T @ (plane @ third)
    length = float(np.linalg.norm(third))
    third = third / length if length > 1e-9 else np.zeros_like(third)
    third = third * (1.0 if third[np.argmax(np.abs(third))] >= 0 else -1.0)  # an eigenvector has no sign of its own
    axes = np.vstack([plane, third])
    total = float(variances.sum()) or 1.0
    shares = [float((away @ axis).var()) / total for axis in axes]
    first, second, last = (f"PC {k} ({share:.0%})" for k, share in enumerate(shares, 1))
    return Coordinates(mean, axes, (first, second, last))
