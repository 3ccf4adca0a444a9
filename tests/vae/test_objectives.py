"""The ELBO and its terms against torch.distributions, and the sums that β = 1 stands for."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import Bernoulli as TorchBernoulli
from torch.distributions import Independent, Normal, kl_divergence

from tests.vae.helpers import TINY, TINY_CONV
from vae.config import ModelConfig
from vae.likelihoods import Bernoulli
from vae.model import Posterior, new_model
from vae.objectives import ElboTerms, beta_loss, elbo_terms, kl_to_prior


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


@pytest.mark.parametrize("binary", [True, False])
def test_log_likelihood_is_that_of_torch_summed_over_pixels(binary: bool) -> None:
    logits = torch.randn(4, 3, 5, 6, generator=seeded(1), dtype=torch.float64)
    x = torch.rand(4, 3, 5, 6, generator=seeded(2), dtype=torch.float64)  # grey pixels
    x = x.round() if binary else x
    expected = Independent(TorchBernoulli(logits=logits, validate_args=False), 3, validate_args=False).log_prob(x)
    assert expected.shape == (4,)
    close(Bernoulli.log_prob(logits, x), expected)


def test_grey_cross_entropy_is_the_explicit_sum() -> None:
    p, grey = 0.8, 0.3
    logits = torch.full((2, 1, 3, 4), math.log(p / (1 - p)), dtype=torch.float64)
    expected = 12 * (grey * math.log(p) + (1 - grey) * math.log(1 - p))
    close(Bernoulli.log_prob(logits, torch.full_like(logits, grey)), torch.full((2,), expected, dtype=torch.float64))


def test_extreme_logits_stay_finite() -> None:
    logits = torch.tensor([200.0, -200.0, 200.0, -200.0]).reshape(4, 1, 1, 1)
    x = torch.tensor([1.0, 0.0, 0.0, 1.0]).reshape(4, 1, 1, 1)
    close(Bernoulli.log_prob(logits, x), torch.tensor([0.0, 0.0, -200.0, -200.0]))


def test_samples_are_zeros_and_ones_with_the_pixels_mean() -> None:
    logits = torch.tensor([-2.0, 0.0, 1.0]).reshape(1, 3, 1, 1).repeat(20_000, 1, 1, 1)
    draws = Bernoulli.sample(logits, seeded(4))
    assert set(draws.unique().tolist()) == {0.0, 1.0}
    torch.testing.assert_close(draws.mean(0), Bernoulli.mean(logits)[0], atol=0.02, rtol=0)


@pytest.mark.parametrize("config", [TINY, TINY_CONV])
def test_elbo_of_a_model_is_that_of_torch(config: ModelConfig) -> None:
    model = new_model(config, 0).double()
    x = torch.rand(5, *config.image_shape, generator=seeded(3), dtype=torch.float64)
    terms = elbo_terms(model, x, seeded(4))
    q = model.encode(x)
    z = q.mu + q.sigma * torch.randn(q.mu.shape, generator=seeded(4), dtype=torch.float64)
    pixels = TorchBernoulli(logits=model.decode(z), validate_args=False)
    expected = pixels.log_prob(x).sum((1, 2, 3)) - kl_divergence(Normal(q.mu, q.sigma), Normal(0.0, 1.0)).sum(1)
    close(terms.elbo, expected)
    close(beta_loss(terms), -expected.mean())


def test_a_larger_image_weighs_more() -> None:
    """Fails when anybody averages over pixels: two copies side by side carry twice the nats."""
    logits, x = torch.randn(3, 1, 4, 4, generator=seeded(5)), torch.rand(3, 1, 4, 4, generator=seeded(6))
    kl = torch.rand(3, 2, generator=seeded(7))
    once = ElboTerms(Bernoulli.log_prob(logits, x), kl)
    twice = ElboTerms(Bernoulli.log_prob(logits.repeat(1, 1, 2, 1), x.repeat(1, 1, 2, 1)), kl)
    close(twice.log_likelihood, 2 * once.log_likelihood)
    close(beta_loss(twice) - beta_loss(once), -once.log_likelihood.mean())


def test_more_latents_weigh_more() -> None:
    kl = torch.rand(3, 2, generator=seeded(7))
    close(ElboTerms(torch.zeros(3), torch.cat([kl, kl], 1)).kl, 2 * ElboTerms(torch.zeros(3), kl).kl)


def test_batch_size_does_not_change_the_scale() -> None:
    """Loss and gradient of a batch are those of the same images given twice."""
    log_likelihood, kl = torch.randn(8, generator=seeded(8)), torch.rand(8, 2, generator=seeded(9))
    weight = torch.ones((), requires_grad=True)
    once = beta_loss(ElboTerms(weight * log_likelihood, weight * kl), 2.0)
    twice = beta_loss(ElboTerms(weight * log_likelihood.repeat(2), weight * kl.repeat(2, 1)), 2.0)
    close(once, twice)
    close(torch.autograd.grad(once, weight)[0], torch.autograd.grad(twice, weight)[0])


@pytest.mark.parametrize("beta", [0.0, 1.0, 4.0])
def test_beta_weighs_the_kl_alone(beta: float) -> None:
    terms = ElboTerms(torch.tensor([-10.0, -20.0]), torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    assert beta_loss(terms, beta).item() == pytest.approx(((10 + beta * 3) + (20 + beta * 7)) / 2)
    assert terms.elbo.tolist() == [-13.0, -27.0]


@pytest.mark.parametrize("beta", [1.0, 3.0])
def test_gradients_of_the_loss_are_right(beta: float) -> None:
    """Finite differences through encoder, reparameterization, decoder and loss, for every weight."""
    model = new_model(ModelConfig("mlp", (1, 2, 3), 2, hidden=(3,)), 0).double()
    x = torch.rand(2, 1, 2, 3, generator=seeded(1), dtype=torch.float64)
    names = [name for name, _ in model.named_parameters()]
    weights = tuple(p.detach().clone().requires_grad_() for p in model.parameters())

    def loss(*values: torch.Tensor) -> torch.Tensor:
        given = dict(zip(names, values, strict=True))
        logits, q = torch.func.functional_call(model, given, (x, seeded(2)))
        return beta_loss(ElboTerms(Bernoulli.log_prob(logits, x), kl_to_prior(q)), beta)

    assert torch.autograd.gradcheck(loss, weights)
