"""Errors of the picture: the smoothed one against scipy's Gaussian filter and a sum written out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from vae.anomalies.forward_pass import passes
from vae.anomalies.methods import registry
from vae.anomalies.methods.reconstruction import BLUR, blurred
from vae.data.image_dataset import ImageDataset
from vae.errors import ScoreError
from vae.model.vae import VAE

SCORE = registry.get("smoothed_error")


@pytest.mark.parametrize(("height", "width"), [(28, 28), (8, 8), (20, 33)])
def test_the_blur_is_scipys_with_nothing_outside(height: int, width: int) -> None:
    images = np.random.default_rng(0).normal(size=(3, 2, height, width))
    sigma = BLUR * min(height, width)
    expected = gaussian_filter(images, (0, 0, sigma, sigma), mode="constant", truncate=20)
    np.testing.assert_allclose(blurred(torch.tensor(images)).numpy(), expected, atol=1e-12)


def test_an_edge_beside_its_place_costs_less_than_a_stroke_as_large() -> None:
    differences = np.zeros((2, 1, 28, 28), np.float32)
    differences[0, 0, 5:20, 10], differences[0, 0, 5:20, 11] = 1, -1  # drawn one pixel further right
    differences[1, 0, 5:20, 10:12] = 1  # a stroke too many
    moved, added = np.square(blurred(torch.tensor(differences)).numpy()).sum((1, 2, 3))
    assert moved < added / 4
    assert np.square(differences[0]).sum() == np.square(differences[1]).sum()


def test_the_score_is_the_sum_it_says(digits_vae: VAE, digits: dict[str, ImageDataset]) -> None:
    normal, test = (passes(digits_vae, digits[split].images) for split in ("train", "test"))
    state = SCORE.fit(normal, digits_vae)

    def differences(images: NDArray[np.uint8]) -> NDArray[np.float64]:
        with torch.no_grad():
            x = torch.tensor(images) / 255
            difference = x - digits_vae.decode_mean(digits_vae.encode(x).mu)
        return gaussian_filter(difference.double().numpy(), (0, 0, 8 * BLUR, 8 * BLUR), mode="constant", truncate=20)

    variance = np.square(differences(digits["train"].images)).mean(0)
    np.testing.assert_allclose(state["variance"], variance, rtol=1e-3, atol=1e-8)
    squares = np.square(differences(digits["test"].images)) / (variance + variance.mean())
    energy = np.square(digits["test"].images / 255).sum((1, 2, 3))
    np.testing.assert_allclose(SCORE.score(test, state, digits_vae), squares.sum((1, 2, 3)) / energy, rtol=1e-3)


def test_half_a_stroke_scores_above_the_whole_image(digits_vae: VAE, digits: dict[str, ImageDataset]) -> None:
    images = digits["test"].images
    damaged = images.copy()
    damaged[:, :, :4] = images[::-1][:, :, 4:]  # the lower half of another digit on top
    state = SCORE.fit(passes(digits_vae, digits["train"].images), digits_vae)
    whole, half = (SCORE.score(passes(digits_vae, batch), state, digits_vae) for batch in (images, damaged))
    assert (half > whole).mean() > 0.9


def test_a_state_of_other_images_is_refused(digits_vae: VAE, digits: dict[str, ImageDataset]) -> None:
    test = passes(digits_vae, digits["test"].images[:5])
    with pytest.raises(ScoreError, match="expected"):
        SCORE.score(test, {"variance": np.ones((1, 9, 8), np.float32)}, digits_vae)
    with pytest.raises(ScoreError, match="needs the model"):
        SCORE.fit(test)
