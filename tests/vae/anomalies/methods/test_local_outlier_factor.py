"""The local outlier factor where normal images repeat: copies make no place infinitely dense."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from vae.anomalies.forward_pass import Pass, concatenate, passes
from vae.anomalies.methods import registry
from vae.anomalies.methods.local_outlier_factor import local_outlier_factor
from vae.data.image_dataset import ImageDataset
from vae.model.vae import VAE

SCORE = registry.get("error_and_place")


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
