"""The scale of β: what a linear decoder keeps of images that are known to vary along so many directions."""

from __future__ import annotations

import numpy as np
import pytest

from vae.data import kl_scale


def test_of_a_gaussian_the_weights_are_those_of_probabilistic_pca() -> None:
    """Two directions with variances 100 and 25 grey levels², and noise of 1 on all 64 pixels."""
    draw = np.random.default_rng(0)
    images = 128 + draw.normal(0, 1, (400, 64))
    images[:, 0] += draw.normal(0, 10, 400)
    images[:, 1] += draw.normal(0, 5, 400)
    found = kl_scale.of_images(images.round().astype(np.uint8), "gaussian")
    # with nothing kept σ² is all variance a pixel; with the first kept what is left, and β of it
    assert found[0] == pytest.approx(64 * 101 / (101 + 26 + 62), rel=0.2)
    assert found[1] == pytest.approx(64 * 26 / (26 + 62 + 26), rel=0.2)
    assert found[2] < 2.5


def test_of_bernoulli_pixels_the_noise_is_their_own() -> None:
    """Eight pixels that are black or white together: eight times one pixel's variance, whatever their mean."""
    draw = np.random.default_rng(0)
    images = draw.integers(0, 2, (500, 32)) * 255
    images[:, :8] = (draw.random((500, 1)) < 0.2) * 255
    found = kl_scale.of_images(images.astype(np.uint8), "bernoulli")
    assert found[0] == pytest.approx(8, rel=0.1)
    assert found[1] < 2


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_equal_images_bear_no_weight_at_all(likelihood: str) -> None:
    found = kl_scale.of_images(np.full((5, 12), 200, np.uint8), likelihood)
    assert found.shape == (5,)
    assert found.max() < 1e-6


def test_digits_bear_what_was_measured_of_them() -> None:
    assert kl_scale.strengths("digits", "bernoulli")[0] == pytest.approx(3.4, abs=0.3)
    assert kl_scale.strengths("digits", "gaussian")[3] == pytest.approx(5.9, abs=0.5)
