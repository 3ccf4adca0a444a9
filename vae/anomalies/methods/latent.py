"""Scores of the code: how far mu is from those of normal images. The mixture is fitted with scikit-learn."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vae.anomalies.methods.base import Score, State, array, reference_rows
from vae.anomalies.methods.local_outlier_factor import NEIGHBOURS, local_outlier_factor
from vae.errors import GenerationError, ScoreError
from vae.neighbours import nearest

if TYPE_CHECKING:
    from vae.anomalies.forward_pass import Pass
    from vae.model.vae import VAE

LEAST_SHARE = 1e-6  # of the largest variance: below it is rounding, and dividing by it would find anomalies in it
KNN_NEIGHBOURS = 10
COMPONENTS = 10
IMAGES_PER_COMPONENT = 5  # times d + 1: with fewer, components shrink onto single images and find everything else odd


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


class NearestNeighbours(Score):
    """Mean Euclidean distance of mu to the nearest of at most 10,000 normal mu."""

    name = "knn"
    title = f"{KNN_NEIGHBOURS} nearest neighbours of mu"
    source = "Angiulli & Pizzuti 2002, Fast outlier detection in high dimensional spaces"
    about = (
        "Sees codes in empty places, whatever shape the normal ones have; fails on what the encoder maps among normal "
        "codes, and sets the same distance for sparse and dense regions."
    )

    def minimum(self, normal: Pass) -> int:
        """As many as are asked for."""
        return KNN_NEIGHBOURS

    def _fit(self, normal: Pass) -> dict[str, NDArray[Any]]:
        return {"reference": normal.mu[reference_rows(len(normal))]}

    def _score(self, batch: Pass, state: State, model: VAE | None) -> NDArray[np.floating]:
        reference = array(state, "reference", None, batch.latent_dim)
        mean: NDArray[np.float64] = nearest(batch.mu, reference, KNN_NEIGHBOURS).distances.mean(1)
        return mean


class LOF(Score):
    """Local outlier factor of mu among at most 10,000 normal mu: about 1 inside, larger outside."""

    name = "lof"
    title = "LOF of mu"
    source = "Breunig, Kriegel, Ng & Sander 2000, LOF: identifying density-based local outliers"
    about = (
        "Sees codes in places that are empty for their neighbourhood, so clusters may differ in density; fails on what "
        "the encoder maps among normal codes, and overrates, up to tenfold, what lies beside many near-copies."
    )

    def minimum(self, normal: Pass) -> int:
        """Every reference image needs that many neighbours besides itself."""
        return NEIGHBOURS + 1

    def _fit(self, normal: Pass) -> dict[str, NDArray[Any]]:
        return {"reference": normal.mu[reference_rows(len(normal))]}

    def _score(self, batch: Pass, state: State, model: VAE | None) -> NDArray[np.floating]:
        return local_outlier_factor(batch.mu.astype(np.float64), array(state, "reference", None, batch.latent_dim))


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
