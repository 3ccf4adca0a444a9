"""How far an image's code is from the mean of the normal ones, in their own standard deviations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vae.anomalies.methods.base import Score, State, array

if TYPE_CHECKING:
    from vae.anomalies.forward_pass import Pass
    from vae.model.vae import VAE

LEAST_SHARE = 1e-6  # of the largest variance: below it is rounding, and dividing by it would find anomalies in it


class Mahalanobis(Score):
    """√((mu − m)ᵀ C⁻¹ (mu − m)) with mean m and covariance C of the normal images' posterior means."""

    name = "mahalanobis"
    title = "Mahalanobis of mu"
    source = "Mahalanobis 1936, On the generalized distance in statistics"
    about = (
        "Sees codes away from one ellipsoid of normal codes; fails when normal images form several clusters, between "
        "which it finds everything normal, and on what the encoder maps inside."
    )

    def minimum(self, normal: Pass) -> int:
        """A covariance of full rank needs d + 1 images."""
        return normal.latent_dim + 1

    def _fit(self, normal: Pass) -> dict[str, NDArray[Any]]:
        return whitening(normal.mu.astype(np.float64))

    def _score(self, batch: Pass, state: State, model: VAE | None) -> NDArray[np.floating]:
        return distance(batch.mu.astype(np.float64), state)


def whitening(rows: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
    """The mean (d,) of rows (n, d) and whitener W (d, d): W Wᵀ = C⁻¹, with variances of no size kept from exploding."""
    variances, axes = np.linalg.eigh(np.atleast_2d(np.cov(rows.T)))
    least = LEAST_SHARE * variances[-1] if variances[-1] > 0 else 1.0  # all rows equal: plain distance
    return {"mean": rows.mean(0), "whitener": axes / np.sqrt(np.maximum(variances, least))}


def distance(rows: NDArray[np.float64], state: State) -> NDArray[np.float64]:
    """Mahalanobis distances (n,) of rows (n, d) from what `whitening` gave."""
    d = rows.shape[1]
    white = (rows - array(state, "mean", d)) @ array(state, "whitener", d, d)
    lengths: NDArray[np.float64] = np.linalg.norm(white, axis=1)
    return lengths
