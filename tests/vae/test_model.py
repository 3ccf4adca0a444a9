"""q(z|x), the reparameterization, and seeds."""

from __future__ import annotations

import math

import pytest
import torch

from tests.vae.helpers import TINY, TINY_CONV
from vae.config import ModelConfig
from vae.model import Posterior, new_model, reparameterize


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
