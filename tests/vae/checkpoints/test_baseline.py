"""What losses are compared with, against its definition and against models that are nothing else."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vae.checkpoints import baseline
from vae.checkpoints.baseline import pixel_moments
from vae.checkpoints.metrics import MeasuredBy, Yardstick
from vae.data import datasets
from vae.model.likelihoods import Bernoulli, Gaussian

DRAW = np.random.default_rng(0)
TRAIN, SEEN = DRAW.integers(0, 256, (30, 3, 4, 5), np.uint8), DRAW.integers(0, 256, (7, 3, 4, 5), np.uint8)
GAUSSIAN = MeasuredBy("gaussian")


def yardstick(train: np.ndarray, seen: np.ndarray, by: MeasuredBy) -> Yardstick:
    return pixel_moments(train).yardstick(pixel_moments(seen), by)


def test_bernoulli_pixels_have_the_training_images_mean() -> None:
    x, seen = TRAIN / 255, torch.tensor(SEEN / 255)
    logits = torch.logit(torch.tensor((x.sum(0) + 0.5) / (len(x) + 1))).expand(len(seen), -1, -1, -1)
    assert yardstick(TRAIN, SEEN, MeasuredBy()).baseline == pytest.approx(
        -Bernoulli.log_prob(logits, seen).mean().item()
    )


def test_gaussian_pixels_share_one_variance() -> None:
    x = TRAIN / 255
    variance = ((x - x.mean(0)) ** 2).mean()
    density = torch.distributions.Normal(torch.tensor(x.mean(0)), float(variance) ** 0.5)
    expected = -density.log_prob(torch.tensor(SEEN / 255)).sum((1, 2, 3)).mean().item()
    found = yardstick(TRAIN, SEEN, GAUSSIAN)
    assert found.baseline == pytest.approx(expected)
    assert found.floor is None


def test_images_that_are_all_alike_have_the_smallest_noise_that_the_likelihood_has() -> None:
    alike = np.full((5, 1, 2, 2), 77, np.uint8)
    likelihood = Gaussian()
    likelihood.logvar.data.fill_(-1e3)
    x = torch.full((1, 1, 2, 2), 77 / 255)
    expected = -likelihood.log_prob(torch.logit(x), x).item()
    assert yardstick(alike, alike, GAUSSIAN).baseline == pytest.approx(expected, rel=1e-5)


def test_no_bernoulli_model_is_below_the_entropy_of_grey_pixels() -> None:
    seen = torch.tensor(SEEN / 255)
    perfect = -Bernoulli.log_prob(torch.logit(seen.clamp(1e-9, 1 - 1e-9)), seen).mean().item()
    assert yardstick(TRAIN, SEEN, MeasuredBy()).floor == pytest.approx(perfect, abs=1e-5)
    black_and_white = np.where(SEEN > 127, 255, 0).astype(np.uint8)
    assert yardstick(TRAIN, black_and_white, MeasuredBy()).floor == pytest.approx(0, abs=1e-6)


def test_an_autoencoder_that_sees_binarized_pixels_has_no_floor() -> None:
    assert yardstick(TRAIN, SEEN, MeasuredBy(binarized=True, objective="autoencoder")).floor is None
    assert yardstick(TRAIN, SEEN, MeasuredBy(objective="autoencoder")).floor is not None
    assert yardstick(TRAIN, SEEN, MeasuredBy(binarized=True)).floor is not None


def test_digits_as_they_are_known() -> None:
    """27.1 and 13.7 nats: scikit-learn's digits, validation."""
    train, validation = (datasets.load("digits", split).images for split in ("train", "validation"))
    found = yardstick(train, validation, MeasuredBy())
    assert (round(found.baseline, 1), round(found.floor or 0.0, 1)) == (27.1, 13.7)


def test_chunks_change_nothing_and_many_images_are_looked_at_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = pixel_moments(TRAIN)
    monkeypatch.setattr(baseline, "CHUNK_PIXELS", 130)
    parts = pixel_moments(TRAIN)
    np.testing.assert_allclose(parts.mean, TRAIN.mean(0) / 255)
    np.testing.assert_allclose(parts.mean_square, (TRAIN / 255.0**1).astype(float).__pow__(2).mean(0))
    assert (parts.entropy, parts.count) == (pytest.approx(whole.entropy), 30)
    monkeypatch.setattr(baseline, "MOST_IMAGES", 3)
    np.testing.assert_allclose(pixel_moments(TRAIN).mean, TRAIN[[0, 14, 29]].mean(0) / 255)
