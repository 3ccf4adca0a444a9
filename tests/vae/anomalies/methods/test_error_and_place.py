"""The product of error and place: what it multiplies, and that each part finds what the other misses."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import LocalOutlierFactor

from vae.anomalies.forward_pass import Pass, concatenate, passes
from vae.anomalies.methods import registry
from vae.anomalies.methods.lof import local_outlier_factor
from vae.data.image_dataset import ImageDataset
from vae.errors import ScoreError
from vae.model.vae import VAE

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


def repeated(images: NDArray[np.uint8], copies: int, noise: int = 0) -> NDArray[np.uint8]:
    """The images, shuffled, and more of three of them, each pixel up to `noise` grey levels off."""
    rng = np.random.default_rng(0)
    more = np.repeat(images[[5, 500, 900]], copies, axis=0).astype(int)
    more += rng.integers(-noise, noise, more.shape, endpoint=True)
    return rng.permutation(np.concatenate([images, np.clip(more, 0, 255).astype(np.uint8)]))


@pytest.mark.parametrize("name", ["error_and_place", "lof", "pca_lof"])
@pytest.mark.parametrize("copies", [15, 200])
def test_normal_images_that_repeat_change_little(
    name: str, copies: int, digits_vae: VAE, normal_digits: Pass, sixty_digits: Pass
) -> None:
    """Among 11 copies and more, nearly equal images got 1e14, at a threshold of 5, and digits beside them 1e19."""
    score = registry.get(name)
    nearly = normal_digits.pixels[[5, 500, 900]].copy()
    nearly[:, 0, 4, 4] ^= 1  # one grey level
    batch = concatenate([sixty_digits, passes(digits_vae, nearly)])
    many = passes(digits_vae, repeated(normal_digits.pixels, copies))
    found, expected = (
        score.score(batch, score.fit(normal, digits_vae), digits_vae) for normal in (many, normal_digits)
    )
    np.testing.assert_allclose(found, expected, rtol=0.15)  # the components and the usual error have moved a little


@pytest.mark.parametrize("copies", [15, 200])
def test_nearly_equal_normal_images_make_no_abyss(
    copies: int, digits_vae: VAE, normal_digits: Pass, digits: dict[str, ImageDataset]
) -> None:
    """Digits beside them got 1e4."""
    test = passes(digits_vae, digits["test"].images)
    many = passes(digits_vae, repeated(normal_digits.pixels, copies, noise=1))
    found = SCORE.score(test, SCORE.fit(many, digits_vae), digits_vae)
    places = local_outlier_factor(test.mu.astype(np.float64), many.mu.astype(np.float64), 10)
    assert places.max() < 10
    assert np.quantile(found, 0.95) < 6
    assert SCORE.score(many, SCORE.fit(many, digits_vae), digits_vae).max() < 1_000


def test_a_place_among_equal_codes_is_as_any_other() -> None:
    """With fewer distinct codes than neighbours, all of them are neighbours; with one, nothing can be compared."""
    rows = np.array([[0.0, 0.0], [3.0, 4.0]])
    assert local_outlier_factor(rows, np.zeros((30, 2)), 10).tolist() == [1, 1]
    corners = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    found = local_outlier_factor(rows, np.repeat(corners, 20, axis=0), 10)
    np.testing.assert_array_equal(found, local_outlier_factor(rows, corners, 10))
    by_hand = (13**0.5 + 18**0.5 + 20**0.5) / 3 / 2**0.5  # three nearest corners; a corner's farthest is the diagonal's
    np.testing.assert_allclose(found, [1, by_hand])


def test_few_images_and_a_missing_model_are_refused(digits_vae: VAE, normal_digits: Pass) -> None:
    with pytest.raises(ScoreError, match="10 normal images, expected at least 11"):
        SCORE.fit(normal_digits.take(slice(0, 10)), digits_vae)
    with pytest.raises(ScoreError, match="needs the model"):
        SCORE.fit(normal_digits)
