"""The ELBO and its terms against torch.distributions, and the importance-weighted bound against log p(x)."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import Bernoulli as TorchBernoulli
from torch.distributions import Normal, kl_divergence

from tests.vae.helpers import TINY, TINY_CONV
from vae.config import ModelConfig
from vae.model.elbo import ElboTerms, importance_weighted_bound, kl_to_prior, terms_at
from vae.model.likelihoods import Bernoulli
from vae.model.vae import VAE, Posterior, new_model, reparameterize


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def posterior(count: int = 6, latent_dim: int = 5, dtype: torch.dtype = torch.float64) -> Posterior:
    noise = torch.randn(2, count, latent_dim, generator=seeded(0), dtype=dtype)
    return Posterior(2 * noise[0], noise[1])


def close(found: torch.Tensor, expected: torch.Tensor) -> None:
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_kl_is_that_of_torch_per_image_and_dimension() -> None:
    q = posterior()
    expected = kl_divergence(Normal(q.mu, q.sigma), Normal(torch.zeros_like(q.mu), torch.ones_like(q.mu)))
    found = kl_to_prior(q)
    assert found.shape == (6, 5)
    close(found, expected)
    close(ElboTerms(torch.zeros(6), found).kl, expected.sum(1))


def test_kl_in_single_precision() -> None:
    single, double = kl_to_prior(posterior(dtype=torch.float32)), posterior(dtype=torch.float32)
    exact = kl_to_prior(Posterior(double.mu.double(), double.logvar.double()))
    torch.testing.assert_close(single.double(), exact, atol=1e-5, rtol=1e-5)


def test_kl_known_values() -> None:
    q = Posterior(torch.tensor([[0.0, 3.0, 0.0]]), torch.tensor([[0.0, 0.0, math.log(4.0)]]))
    close(kl_to_prior(q), torch.tensor([[0.0, 4.5, 0.5 * (4 - 1 - math.log(4))]]))


@pytest.mark.parametrize("config", [TINY, TINY_CONV])
def test_elbo_of_a_model_is_that_of_torch(config: ModelConfig) -> None:
    model = new_model(config, 0).double()
    x = torch.rand(5, *config.image_shape, generator=seeded(3), dtype=torch.float64)
    q = model.encode(x)
    terms = terms_at(model, x, q, reparameterize(q, seeded(4)))
    z = q.mu + q.sigma * torch.randn(q.mu.shape, generator=seeded(4), dtype=torch.float64)
    pixels = TorchBernoulli(logits=model.decode(z), validate_args=False)
    expected = pixels.log_prob(x).sum((1, 2, 3)) - kl_divergence(Normal(q.mu, q.sigma), Normal(0.0, 1.0)).sum(1)
    close(terms.elbo, expected)


def test_more_latents_weigh_more() -> None:
    kl = torch.rand(3, 2, generator=seeded(7))
    close(ElboTerms(torch.zeros(3), torch.cat([kl, kl], 1)).kl, 2 * ElboTerms(torch.zeros(3), kl).kl)


# --- the importance-weighted bound ------------------------------------------------------------------------------------


def exact_log_likelihood(model: VAE, x: torch.Tensor) -> torch.Tensor:
    """log p(x) by adding up p(x|z) p(z) on a fine grid of one latent dimension."""
    z = torch.linspace(-10, 10, 20_001, dtype=torch.float64)[:, None]
    prior = Normal(0.0, 1.0).log_prob(z[:, 0])
    logits = model.decode(z)
    rows = [torch.logsumexp(Bernoulli.log_prob(logits, image.expand_as(logits)) + prior, 0) for image in x]
    return torch.stack(rows) + math.log(20 / 20_000)


def test_one_sample_is_the_sampled_elbo() -> None:
    model = double_model(2)
    x = torch.rand(4, 1, 2, 3, generator=seeded(1), dtype=torch.float64)
    epsilon = torch.randn(1, 4, 2, generator=seeded(2), dtype=torch.float64)
    q = model.encode(x)
    z = q.at(epsilon[0])
    sampled_kl = (Normal(q.mu, q.sigma).log_prob(z) - Normal(0.0, 1.0).log_prob(z)).sum(1)
    close(importance_weighted_bound(model, x, epsilon), Bernoulli.log_prob(model.decode(z), x) - sampled_kl)


def test_the_bound_grows_with_samples_towards_the_likelihood() -> None:
    model = double_model(1)
    with torch.no_grad():
        for p in model.parameters():
            p.mul_(1.5)  # a posterior that is far from the true one
        x = torch.rand(3, 1, 2, 3, generator=seeded(1), dtype=torch.float64).round()
        exact = exact_log_likelihood(model, x)

        def bound(k: int, repeats: int) -> torch.Tensor:
            draws = [
                importance_weighted_bound(model, x, torch.randn(k, 3, 1, generator=seeded(i), dtype=torch.float64))
                for i in range(repeats)
            ]
            return torch.stack(draws).mean(0)

        one, ten, many = bound(1, 4_000), bound(10, 2_000), bound(20_000, 20)
    assert (one < ten).all()
    assert (ten < exact + 0.01).all()
    torch.testing.assert_close(many, exact, atol=0.02, rtol=0)


def double_model(latent_dim: int, likelihood: str = "bernoulli") -> VAE:
    """A tiny model in double precision. The whole of it: `encode` must not lose digits."""
    return new_model(ModelConfig("mlp", (1, 2, 3), latent_dim, hidden=(3,), likelihood=likelihood), 0).double()
