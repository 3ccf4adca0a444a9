"""q(z|x), the reparameterization, and seeds."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch

from tests.vae.helpers import TINY, TINY_CONV
from vae.config import ModelConfig
from vae.model.vae import Posterior, new_model, reparameterize
from vae.training.objectives import Autoencoder, Elbo, Iwae, Objective


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_sigma_is_the_root_of_the_variance() -> None:
    posterior = Posterior(torch.zeros(1, 3), torch.tensor([[0.0, math.log(4.0), math.log(0.25)]]))
    torch.testing.assert_close(posterior.sigma, torch.tensor([[1.0, 2.0, 0.5]]))


def test_draws_have_the_posteriors_mean_and_deviation() -> None:
    count = 40_000
    posterior = Posterior(torch.tensor([[2.0, -1.0]]).repeat(count, 1), torch.tensor([[0.0, 2.0]]).repeat(count, 1))
    z = reparameterize(posterior, seeded(0))
    torch.testing.assert_close(z.mean(0), torch.tensor([2.0, -1.0]), atol=0.05, rtol=0)
    torch.testing.assert_close(z.std(0), torch.tensor([1.0, math.e]), atol=0.05, rtol=0)


def test_a_generator_decides_the_draw() -> None:
    posterior = Posterior(torch.zeros(4, 3), torch.zeros(4, 3))
    assert torch.equal(reparameterize(posterior, seeded(1)), reparameterize(posterior, seeded(1)))
    assert not torch.equal(reparameterize(posterior, seeded(1)), reparameterize(posterior, seeded(2)))


def test_gradients_reach_mean_and_variance() -> None:
    mu, logvar = torch.randn(5, 2, requires_grad=True), torch.randn(5, 2, requires_grad=True)
    z = reparameterize(Posterior(mu, logvar), seeded(3))
    z.sum().backward()
    assert torch.equal(mu.grad, torch.ones(5, 2))
    torch.testing.assert_close(logvar.grad, 0.5 * (z - mu).detach())  # d(sigma ε)/d(logvar) = ½ sigma ε


@pytest.mark.parametrize("config", [TINY, TINY_CONV])
def test_forward_decodes_one_posterior_sample(config: ModelConfig) -> None:
    model = new_model(config, 0)
    x = torch.rand(2, *config.image_shape)
    logits, posterior = model(x, seeded(5))
    assert torch.equal(logits, model.decode(reparameterize(posterior, seeded(5))))
    assert torch.equal(posterior.mu, model.encode(x).mu)
    torch.testing.assert_close(model.decode_mean(posterior.mu), torch.sigmoid(model.decode(posterior.mu)))


def test_the_seed_alone_decides_the_initial_weights() -> None:
    torch.manual_seed(1)
    first = new_model(TINY, 7).state_dict()
    torch.manual_seed(2)
    second, other = new_model(TINY, 7).state_dict(), new_model(TINY, 8).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not any(torch.equal(first[name], other[name]) for name in first)


def test_a_new_model_leaves_the_global_random_state_alone() -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    new_model(TINY, 7)
    assert torch.equal(torch.rand(3), expected)


# --- an autoencoder as a VAE ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("config", [TINY, TINY_CONV])
def test_a_points_sigma_is_that_of_no_image(config: ModelConfig) -> None:
    model, x = new_model(config, 0), 3 * torch.randn(4, *config.image_shape, generator=seeded(1))
    before = model.encode(x).mu
    model.make_posterior_a_point()
    after = model.encode(x)
    torch.testing.assert_close(after.sigma, torch.full_like(after.sigma, math.exp(-10)))
    assert torch.equal(after.mu, before)


WIDE = dataclasses.replace(TINY, hidden=(16,))  # four hidden units may all be off


@pytest.mark.parametrize("config", [WIDE, TINY_CONV, dataclasses.replace(WIDE, likelihood="gaussian")])
def test_an_autoencoders_loss_leaves_the_point_a_point(config: ModelConfig) -> None:
    model, x = new_model(config, 0), torch.rand(6, *config.image_shape, generator=seeded(1))
    model.make_posterior_a_point()
    optimizer, d = torch.optim.Adam(model.parameters(), lr=0.01), config.latent_dim
    before = model.encode(x).mu.detach()
    for _ in range(5):
        optimizer.zero_grad()
        Autoencoder().loss(model, x, torch.empty(6, 0), 1.0).mean().backward()
        for parameter in list(model.encoder.parameters())[-2:]:
            assert parameter.grad[:d].any()
            assert not parameter.grad[d:].any()
        optimizer.step()
    after = model.encode(x)
    torch.testing.assert_close(after.sigma, torch.full_like(after.sigma, math.exp(-10)))
    assert not torch.allclose(after.mu, before, atol=1e-3)


# --- precision --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("config", [TINY, TINY_CONV, dataclasses.replace(TINY, likelihood="gaussian")])
@pytest.mark.parametrize("objective", [Elbo(), Elbo(0.1), Iwae(3), Autoencoder()])
def test_in_bfloat16_only_matrix_products_lose_digits(config: ModelConfig, objective: Objective) -> None:
    model, x = new_model(config, 0), torch.rand(4, *config.image_shape, generator=seeded(1))
    epsilon = torch.randn(objective.draws(4, config.latent_dim), generator=seeded(2))
    exact = objective.loss(model, x, epsilon, 1.0)
    with torch.autocast("cpu", torch.bfloat16):
        posterior, loss = model.encode(x), objective.loss(model, x, epsilon, 1.0)
        assert model.encoder(x).dtype == torch.bfloat16  # what the test is about happens
        assert model.decode(posterior.mu).dtype == torch.float32
    assert posterior.mu.dtype == posterior.logvar.dtype == loss.dtype == torch.float32
    torch.testing.assert_close(loss, exact, rtol=0.01, atol=0.05)


def test_a_double_model_keeps_its_digits() -> None:
    model = new_model(TINY, 0).double()
    posterior = model.encode(torch.rand(2, *TINY.image_shape, dtype=torch.float64))
    assert posterior.logvar.dtype == model.decode(posterior.mu).dtype == torch.float64
