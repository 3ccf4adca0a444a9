"""Scores of the code, against closed forms, scipy and scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import LocalOutlierFactor

from tests.vae.anomalies.methods.made import of_mu
from vae.anomalies.forward_pass import Pass
from vae.anomalies.methods import base, latent, registry
from vae.anomalies.methods.local_outlier_factor import NEIGHBOURS

States = dict[str, dict[str, NDArray[Any]]]  # arrays by the name of the score, and by their own


def test_mahalanobis_is_scipys(normal_digits: Pass, sixty_digits: Pass, digits_states: States) -> None:
    mu = normal_digits.mu.astype(np.float64)
    inverse = np.linalg.inv(np.cov(mu.T))
    expected = cdist(sixty_digits.mu.astype(np.float64), mu.mean(0)[None], "mahalanobis", VI=inverse)[:, 0]
    found = registry.get("mahalanobis").score(sixty_digits, digits_states["mahalanobis"])
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_mahalanobis_finds_nothing_in_the_rounding_of_a_dead_dimension() -> None:
    rng = np.random.default_rng(0)
    score, mu = registry.get("mahalanobis"), rng.normal(size=(500, 3))
    mu[:, 2] = 0
    rounded = mu + np.array([0, 0, 1e-6])
    state = score.fit(of_mu(mu))
    np.testing.assert_allclose(score.score(of_mu(rounded), state), score.score(of_mu(mu), state), atol=1e-2)


def test_neighbours_are_those_of_brute_force(normal_digits: Pass, sixty_digits: Pass, digits_states: States) -> None:
    distances = np.sort(cdist(sixty_digits.mu.astype(np.float64), normal_digits.mu.astype(np.float64)), 1)
    expected = distances[:, : latent.KNN_NEIGHBOURS].mean(1)
    np.testing.assert_allclose(registry.get("knn").score(sixty_digits, digits_states["knn"]), expected, rtol=1e-5)


def test_lof_is_scikit_learns(normal_digits: Pass, sixty_digits: Pass, digits_states: States) -> None:
    reference = LocalOutlierFactor(n_neighbors=NEIGHBOURS, novelty=True).fit(normal_digits.mu.astype(np.float64))
    found = registry.get("lof").score(sixty_digits, digits_states["lof"])
    np.testing.assert_allclose(found, -reference.score_samples(sixty_digits.mu.astype(np.float64)), rtol=1e-5)


def test_mixture_density_is_scikit_learns(normal_digits: Pass, sixty_digits: Pass, digits_states: States) -> None:
    reference = GaussianMixture(10, max_iter=500, random_state=0).fit(normal_digits.mu.astype(np.float64))
    found = registry.get("mixture_density").score(sixty_digits, digits_states["mixture_density"])
    np.testing.assert_allclose(found, -reference.score_samples(sixty_digits.mu.astype(np.float64)), rtol=1e-5)


def test_reference_sets_are_bounded() -> None:
    rng = np.random.default_rng(1)
    many = of_mu(rng.normal(size=(base.MAX_REFERENCE + 1_000, 2)))
    kept = registry.get("knn").fit(many)["reference"]
    assert kept.shape == (base.MAX_REFERENCE, 2)
    assert len(np.unique(kept, axis=0)) == base.MAX_REFERENCE  # without replacement
    assert {tuple(row) for row in kept} <= {tuple(row) for row in many.mu}
    assert np.array_equal(base.reference_rows(7), np.arange(7))
