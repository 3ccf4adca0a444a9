"""Encoding a data set, every column against its definition; decoding in batches."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from tests.vae.helpers import TINY, TINY_CONV
from vae.budget import free
from vae.checkpoints import inference, metrics
from vae.checkpoints.checkpoint import Latents
from vae.checkpoints.metrics import MeasuredBy
from vae.config import ModelConfig, TrainConfig
from vae.data.image_dataset import ImageDataset
from vae.errors import BudgetError, GenerationError
from vae.model.elbo import terms_at
from vae.model.pixels import draw_binarized
from vae.model.vae import VAE, new_model, reparameterize
from vae.training.epoch_metrics import Protocol, measure
from vae.training.objectives import Elbo

Digits = dict[str, ImageDataset]


def encoded(model: VAE, images: ImageDataset, **settings: int) -> Latents:
    return inference.encode(model, images.images, images.labels, **settings)


GAUSSIAN = dataclasses.replace(TINY, likelihood="gaussian")


@pytest.mark.parametrize(
    ("config", "binarized"), [(TINY, False), (TINY_CONV, False), (GAUSSIAN, False), (TINY, True), (TINY_CONV, True)]
)
def test_every_column_is_what_it_says(digits: Digits, config: ModelConfig, binarized: bool) -> None:
    model, images = new_model(config, 0), digits["test"]
    found, noise = encoded(model, images, binarized=binarized), torch.Generator().manual_seed(inference.SAMPLE_SEED)
    with torch.inference_mode():
        grey = torch.tensor(images.images).float() / 255
        x = draw_binarized(grey, noise) if binarized else grey
        posterior = model.encode(x)
        terms = terms_at(model, x, posterior, reparameterize(posterior, noise))
        error = ((x - model.decode_mean(posterior.mu)) ** 2).sum((1, 2, 3))
    expected = {"mu": posterior.mu, "sigma": posterior.sigma, "kl": terms.kl, "squared_error": error}
    expected |= {"log_likelihood": terms.log_likelihood, "elbo": terms.elbo}
    for name, tensor in expected.items():
        assert getattr(found, name).dtype == np.float32
        np.testing.assert_allclose(getattr(found, name), tensor.numpy(), rtol=1e-5, atol=1e-5, err_msg=name)
    assert np.array_equal(found.labels, images.labels)


def test_elbo_is_log_likelihood_minus_kl(digits: Digits) -> None:
    found = encoded(new_model(TINY, 0), digits["test"])
    assert np.array_equal(found.elbo, found.log_likelihood - found.kl)
    np.testing.assert_allclose(found.kl.mean(), found.kl_per_dim().sum(), rtol=1e-5)


@pytest.mark.parametrize("binarized", [False, True])
def test_metrics_agree_with_what_training_measures(digits: Digits, binarized: bool) -> None:
    model, images = new_model(TINY, 0), digits["validation"]
    measured = measure(model, torch.tensor(images.images), Protocol(Elbo(), 1.0, binarized))
    by = MeasuredBy(binarized=binarized)
    stored = metrics.metrics_of(encoded(model, images, binarized=binarized), "digits", by, "validation")
    assert stored["elbo"].value == pytest.approx(measured.elbo, rel=1e-5)
    assert stored["kl"].value == pytest.approx(measured.kl, rel=1e-5)
    assert stored["active_units"].value == measured.active_units


@torch.inference_mode()
def test_the_importance_weighted_bound_is_that_of_each_image(digits: Digits, monkeypatch: pytest.MonkeyPatch) -> None:
    model, images = new_model(TINY, 0), digits["test"].images[:60]
    few, many = (inference.importance_bound(model, images, k) for k in (2, 100))
    assert (few.samples, few.images) == (2, 60)
    assert few == inference.importance_bound(model, images, 2)
    latents = encoded(model, dataclasses.replace(digits["test"], images=images, labels=digits["test"].labels[:60]))
    assert latents.elbo.mean() < few.value + 0.5 < many.value + 1  # a tighter bound with every sample
    assert few.value != inference.importance_bound(model, images, 2, binarized=True).value
    monkeypatch.setattr(inference, "MAX_WEIGHED", 1_000)
    assert inference.importance_bound(model, images, 100).images == 10
    train = TrainConfig("digits", objective="iwae", importance_samples=2)
    assert inference.bound_of(model, images, train, binarized=False) == few
    assert inference.bound_of(model, images, TrainConfig("digits"), binarized=False) is None


def test_binarized_pixels_are_other_pixels_drawn_anew_from_a_seed(digits: Digits) -> None:
    model, images = new_model(TINY, 0), digits["test"]
    grey, first, second, other = (
        encoded(model, images, binarized=drawn, seed=seed)
        for drawn, seed in ((False, 0), (True, 0), (True, 0), (True, 1))
    )
    assert np.array_equal(first.mu, second.mu)
    assert not np.array_equal(first.mu, other.mu)
    assert not np.array_equal(first.mu, grey.mu)
    x = images.images / 255
    variance = (x * (1 - x)).sum((1, 2, 3)).mean()  # of the drawn pixels: it comes on top
    assert first.squared_error.mean() == pytest.approx(grey.squared_error.mean() + variance, rel=0.02)


def test_one_seed_gives_one_answer(digits: Digits) -> None:
    model = new_model(TINY, 0)
    first, second, other = (encoded(model, digits["test"], seed=seed) for seed in (0, 0, 1))
    assert all(np.array_equal(getattr(first, n), getattr(second, n)) for n in Latents.__dataclass_fields__)
    assert not np.array_equal(first.log_likelihood, other.log_likelihood)
    assert np.array_equal(first.mu, other.mu)


def test_the_batch_size_does_not_change_the_posterior(digits: Digits) -> None:
    model = new_model(TINY_CONV, 0)
    one, many = encoded(model, digits["test"], batch_size=500), encoded(model, digits["test"], batch_size=7)
    np.testing.assert_allclose(one.mu, many.mu, atol=1e-5)
    np.testing.assert_allclose(one.kl, many.kl, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(one.squared_error, many.squared_error, rtol=1e-4)


def test_encoding_needs_no_gradient_and_leaves_evaluation_mode(digits: Digits) -> None:
    model = new_model(TINY, 0).train()
    encoded(model, digits["validation"])
    assert not model.training
    assert all(parameter.grad is None for parameter in model.parameters())


# --- decoding ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("conv", [False, True])
def test_decoding_is_the_mean_to_the_nearest_byte(conv: bool) -> None:
    vae = new_model(TINY_CONV if conv else TINY, 0)
    z = np.random.default_rng(0).normal(size=(11, vae.config.latent_dim)).astype(np.float32)
    told: list[tuple[int, int]] = []
    images = inference.decode(vae, z, batch_size=4, on_batch=lambda done, total: told.append((done, total)))
    with torch.inference_mode():
        mean = vae.decode_mean(torch.tensor(z)).numpy()
    assert (images.shape, images.dtype) == ((11, 1, 8, 8), np.uint8)
    assert np.abs(images - mean * 255).max() <= 0.5 + 1e-3
    assert told == [(4, 11), (8, 11), (11, 11)]


def test_posterior_means_are_those_of_the_encoder() -> None:
    vae = new_model(TINY, 0)
    images = np.random.default_rng(0).integers(0, 256, (9, 1, 8, 8), np.uint8)
    mu = inference.posterior_means(vae, images, batch_size=4)
    with torch.inference_mode():
        expected = vae.encode(torch.tensor(images) / 255).mu.numpy()
    np.testing.assert_allclose(mu, expected, atol=1e-5)


def test_large_pictures_come_in_small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "BATCH_PIXELS", 3 * 64)
    told: list[int] = []
    inference.decode(new_model(TINY, 0), np.zeros((7, 2)), on_batch=lambda done, total: told.append(done))
    assert told == [3, 6, 7]


def test_extreme_latents_still_give_pictures() -> None:
    images = inference.decode(new_model(TINY, 0), np.array([[1e30, -1e30], [3e38, 3e38]], np.float32))
    assert images.shape == (2, 1, 8, 8)


@pytest.mark.parametrize(
    ("z", "message"),
    [
        (np.zeros((4, 3)), r"shape \(4, 3\), expected \(N, 2\)"),
        (np.zeros(2), "expected"),
        (np.array([[0, np.nan]]), "not finite"),
        (np.broadcast_to(np.zeros(1), (2**25, 2)), "need 2.1 GB, expected at most 1.1"),
    ],
)
def test_latents_that_dont_fit_are_refused(z: np.ndarray, message: str) -> None:
    with pytest.raises(GenerationError, match=message):
        inference.decode(new_model(TINY, 0), z)


def test_images_of_another_shape_are_refused() -> None:
    with pytest.raises(GenerationError, match=r"shape \(1, 1, 28, 28\)"):
        inference.posterior_means(new_model(TINY, 0), np.zeros((1, 1, 28, 28), np.uint8))


def test_many_pictures_are_not_decoded_where_there_is_no_memory_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    model = new_model(ModelConfig("mlp", (1, 64, 64), 2, hidden=(4,)), 0)
    monkeypatch.setattr(free, "memory", lambda: 10**8)
    assert inference.decode(model, np.zeros((100, 2))).shape == (100, 1, 64, 64)  # few are not asked for
    with pytest.raises(BudgetError, match=r"Decoding 9,000 pictures needs about 0\.\d GB of memory, 0\.1 GB are free"):
        inference.decode(model, np.zeros((9_000, 2)))
