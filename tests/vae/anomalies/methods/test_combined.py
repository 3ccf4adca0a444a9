"""Scores of error and code together: COPOD and Mahalanobis written out, and a product of two scores."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import LocalOutlierFactor

from vae.anomalies.forward_pass import Pass
from vae.anomalies.methods import registry
from vae.anomalies.methods.combined import features, surprises
from vae.errors import ScoreError
from vae.model.vae import VAE

States = dict[str, dict[str, NDArray[Any]]]  # arrays by the name of the score, and by their own
Floats = NDArray[np.float64]
SCORE, ERROR = registry.get("error_and_place"), registry.get("smoothed_error")


def three(batch: Pass) -> Floats:
    """log ‖x − x̂‖, log ‖mu‖, log ‖sigma‖: (n, 3)."""
    columns = [np.sqrt(batch.squared_error), np.sqrt((batch.mu**2).sum(1)), np.sqrt((batch.sigma**2).sum(1))]
    return np.log(np.stack(columns, 1, dtype=np.float64))


def copod(row: Floats, known: Floats) -> float:
    """Li et al. 2020, COPOD, algorithm 1, for one row (3,) beside known ones (m, 3), whose skewness counts."""
    data = np.vstack([known, row])
    left = right = corrected = 0.0
    for j in range(3):
        u, v = np.mean(data[:, j] <= row[j]), np.mean(-data[:, j] <= -row[j])  # empirical tail probabilities
        deviation = known[:, j] - np.mean(known[:, j])
        skewness = np.mean(deviation**3) / np.mean(deviation**2) ** 1.5
        w = u if skewness < 0 else v
        left, right, corrected = left - np.log(u), right - np.log(v), corrected - np.log(w)
    return max(left, right, corrected)


def skewed(count: int, seed: int) -> Pass:
    """A pass whose three numbers lean to the left, to the right and to the left."""
    rng = np.random.default_rng(seed)
    long_tails = rng.gamma(1.5, size=(3, count))
    error, mu, sigma = np.exp(-long_tails[0]), np.exp(long_tails[1]), np.exp(-long_tails[2])
    one = np.ones(count, np.float32)
    return Pass(
        mu=mu[:, None].astype(np.float32),
        sigma=sigma[:, None].astype(np.float32),
        squared_error=(error**2).astype(np.float32),
        energy=one,
        log_likelihood=one,
        kl=one,
        elbo=one,
        pixels=rng.integers(0, 256, (count, 1, 8, 8), np.uint8),
    )


def test_combined_is_copod(normal_digits: Pass, sixty_digits: Pass, digits_states: States) -> None:
    known = three(normal_digits)
    found = registry.get("combined").score(sixty_digits, digits_states["combined"])
    np.testing.assert_allclose(found, [copod(row, known) for row in three(sixty_digits)], rtol=1e-5)


def test_each_tail_of_copod_counts() -> None:
    """Images of which the left, the right and the skewness-corrected tails are each the largest for some."""
    normal, batch = skewed(300, seed=0), skewed(200, seed=1)
    batch = dataclasses.replace(batch, mu=batch.mu * np.linspace(0.05, 20, 200, dtype=np.float32)[:, None])
    known, score = three(normal), registry.get("combined")
    found = score.score(batch, score.fit(normal))
    np.testing.assert_allclose(found, [copod(row, known) for row in three(batch)], rtol=1e-5)
    data = [np.vstack([known, row]) for row in three(batch)]
    left = np.array([-np.log((d <= d[-1]).mean(0)) for d in data])
    right = np.array([-np.log((d >= d[-1]).mean(0)) for d in data])
    corrected = np.column_stack([left[:, 0], right[:, 1], left[:, 2]])
    largest = np.argmax([part.sum(1) for part in (left, right, corrected)], axis=0)
    assert (np.bincount(largest, minlength=3) >= 5).all()


def test_combined_distance_is_mahalanobis(normal_digits: Pass, sixty_digits: Pass, digits_states: States) -> None:
    known = three(normal_digits)
    inverse, centre = np.linalg.inv(np.cov(known.T)), known.mean(0)
    expected = [math.sqrt((row - centre) @ inverse @ (row - centre)) for row in three(sixty_digits)]
    found = registry.get("combined_distance").score(sixty_digits, digits_states["combined_distance"])
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_tails_count_normal_images() -> None:
    """COPOD's shares by hand: of normal values 0..9 and the value itself."""
    ordered = np.arange(10.0)[:, None]
    left, right = surprises(np.array([[-1.0], [3.0], [9.0], [50.0]]), ordered)
    np.testing.assert_allclose(np.exp(-left[:, 0]), [1 / 11, 5 / 11, 1, 1])
    np.testing.assert_allclose(np.exp(-right[:, 0]), [1, 8 / 11, 2 / 11, 1 / 11])


def test_combined_numbers_are_logarithms_of_norms(sixty_digits: Pass) -> None:
    error, mu, sigma = features(sixty_digits).T
    np.testing.assert_allclose(np.exp(2 * error), sixty_digits.squared_error, rtol=1e-5)
    np.testing.assert_allclose(np.exp(mu), np.linalg.norm(sixty_digits.mu, axis=1), rtol=1e-5)
    np.testing.assert_allclose(np.exp(sigma), np.linalg.norm(sixty_digits.sigma, axis=1), rtol=1e-5)


# --- the product of error and place -----------------------------------------------------------------------------------


def test_it_is_the_smoothed_error_times_scikit_learns_factor_squared(
    digits_vae: VAE, normal_digits: Pass, sixty_digits: Pass
) -> None:
    factor = LocalOutlierFactor(n_neighbors=10, novelty=True).fit(normal_digits.mu.astype(np.float64))
    places = -factor.score_samples(sixty_digits.mu.astype(np.float64))
    errors = ERROR.score(sixty_digits, ERROR.fit(normal_digits, digits_vae), digits_vae)
    found = SCORE.score(sixty_digits, SCORE.fit(normal_digits, digits_vae), digits_vae)
    np.testing.assert_allclose(found, errors * places**2, rtol=1e-4)


def test_each_part_finds_what_the_other_misses(digits_vae: VAE, normal_digits: Pass, sixty_digits: Pass) -> None:
    """A perfect copy in an empty place, and a bad copy among normal codes."""
    rng = np.random.default_rng(0)
    state = SCORE.fit(normal_digits, digits_vae)
    empty = dataclasses.replace(
        sixty_digits, mu=sixty_digits.mu + 6 * rng.normal(size=sixty_digits.mu.shape).astype("f")
    )
    wrong = dataclasses.replace(sixty_digits, pixels=rng.permuted(sixty_digits.pixels, axis=-1))  # the codes stay
    for odd in (empty, wrong):
        found = [SCORE.score(batch, state, digits_vae) for batch in (sixty_digits, odd)]
        assert roc_auc_score(np.repeat([0, 1], 60), np.concatenate(found)) > 0.95
    places = [
        registry.get("lof").score(batch, registry.get("lof").fit(normal_digits)) for batch in (sixty_digits, wrong)
    ]
    np.testing.assert_array_equal(*places)


def test_few_images_and_a_missing_model_are_refused(digits_vae: VAE, normal_digits: Pass) -> None:
    with pytest.raises(ScoreError, match="10 normal images, expected at least 11"):
        SCORE.fit(normal_digits.take(slice(0, 10)), digits_vae)
    with pytest.raises(ScoreError, match="needs the model"):
        SCORE.fit(normal_digits)
