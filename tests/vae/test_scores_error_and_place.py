"""The product of error and place: what it multiplies, and that each part finds what the other misses."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import LocalOutlierFactor

from vae.errors import ScoreError
from vae.model import VAE
from vae.scores import registry
from vae.scores.passes import Pass

SCORE, ERROR = registry.get("error_and_place"), registry.get("smoothed_error")


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
