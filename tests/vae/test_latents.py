"""Encoding a data set: every column against its definition."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.vae.helpers import TINY, TINY_CONV
from vae import evaluation, latents, training
from vae.config import ModelConfig
from vae.datasets import ImageDataset
from vae.model import VAE, new_model
from vae.objectives import elbo_terms
from vae.records import Latents

Digits = dict[str, ImageDataset]


def encoded(model: VAE, images: ImageDataset, **settings: int) -> Latents:
    return latents.encode(model, images.images, images.labels, **settings)


@pytest.mark.parametrize("config", [TINY, TINY_CONV])
def test_every_column_is_what_it_says(digits: Digits, config: ModelConfig) -> None:
    model, images = new_model(config, 0), digits["test"]
    found = encoded(model, images)
    with torch.inference_mode():
        x = torch.tensor(images.images).float() / 255
        posterior = model.encode(x)
        terms = elbo_terms(model, x, torch.Generator().manual_seed(latents.SAMPLE_SEED))
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


def test_metrics_agree_with_what_training_measures(digits: Digits) -> None:
    model, images = new_model(TINY, 0), digits["validation"]
    measured = training.measure(model, torch.tensor(images.images), batch_size=500)
    stored = evaluation.metrics(encoded(model, images), "digits", "validation")
    assert stored["elbo"].value == pytest.approx(measured.elbo, rel=1e-5)
    assert stored["kl"].value == pytest.approx(measured.kl, rel=1e-5)


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
