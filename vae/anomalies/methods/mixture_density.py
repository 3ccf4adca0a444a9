"""How rare an image's code is under a Gaussian mixture of the normal ones. Fits with scikit-learn."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vae.anomalies.methods.base import Score, State, array, reference_rows
from vae.errors import GenerationError, ScoreError

if TYPE_CHECKING:
    from vae.anomalies.forward_pass import Pass
    from vae.model.vae import VAE

COMPONENTS = 10
IMAGES_PER_COMPONENT = 5  # times d + 1: with fewer, components shrink onto single images and find everything else odd


class MixtureDensity(Score):
    """−log density of mu, in nats, under a mixture of at most ten full Gaussians."""

    name = "mixture_density"
    title = "Mixture density of mu"
    source = "McLachlan & Peel 2000, Finite mixture models; on VAE codes: Zong et al. 2018 (DAGMM)"
    about = (
        "Sees codes away from several ellipsoids at once, so normal images may form clusters; fails on what the "
        "encoder maps among normal codes, and with few normal images for many dimensions."
    )

    def minimum(self, normal: Pass) -> int:
        """One covariance of full rank needs d + 1 images."""
        return normal.latent_dim + 1

    def _fit(self, normal: Pass) -> dict[str, NDArray[Any]]:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture

        mu = normal.mu[reference_rows(len(normal))].astype(np.float64)
        components = min(COMPONENTS, max(1, len(mu) // (IMAGES_PER_COMPONENT * (mu.shape[1] + 1))))
        components = min(components, len(np.unique(mu, axis=0)))  # of equal images there are no clusters
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # not quite converged ranks as well
            fitted = GaussianMixture(components, max_iter=500, random_state=0).fit(mu)
        return {"weights": fitted.weights_, "means": fitted.means_, "covariances": fitted.covariances_}

    def _score(self, batch: Pass, state: State, model: VAE | None) -> NDArray[np.floating]:
        from vae.generation.sampling import Mixture

        d = batch.latent_dim
        means = array(state, "means", None, d)
        weights = array(state, "weights", len(means))
        covariances = array(state, "covariances", len(means), d, d)
        try:
            return -Mixture(weights, means, covariances).log_density(batch.mu)
        except GenerationError as error:
            raise ScoreError(f"The detector's mixture can't be used: {error.message}", "Fit it again.") from error
