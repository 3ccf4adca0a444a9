"""The ELBO and its terms against torch.distributions, and the sums that β = 1 stands for."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import Bernoulli as TorchBernoulli
from torch.distributions import Independent, Normal, kl_divergence

from tests.vae.helpers import TINY, TINY_CONV
from vae.config import ModelConfig, TrainConfig
from vae.data.datasets import ImageDataset
from vae.model.likelihoods import Bernoulli
from vae.model.vae import VAE, Posterior, new_model
from vae.training.objectives import (
    Autoencoder,
    Elbo,
    ElboTerms,
    ImportanceWeighted,
    Objective,
    beta_loss,
    elbo_terms,
    free_bits,
    importance_weighted_bound,
    kl_to_prior,
    local_mean,
    objective_of,
)
from vae.training.trainer import train


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
    close(beta_loss(terms), -expected)


def test_a_larger_image_weighs_more() -> None:
    """Fails when anybody averages over pixels: two copies side by side carry twice the nats."""
    logits, x = torch.randn(3, 1, 4, 4, generator=seeded(5)), torch.rand(3, 1, 4, 4, generator=seeded(6))
    kl = torch.rand(3, 2, generator=seeded(7))
    once = ElboTerms(Bernoulli.log_prob(logits, x), kl)
    twice = ElboTerms(Bernoulli.log_prob(logits.repeat(1, 1, 2, 1), x.repeat(1, 1, 2, 1)), kl)
    close(twice.log_likelihood, 2 * once.log_likelihood)
    close(beta_loss(twice) - beta_loss(once), -once.log_likelihood)


def test_more_latents_weigh_more() -> None:
    kl = torch.rand(3, 2, generator=seeded(7))
    close(ElboTerms(torch.zeros(3), torch.cat([kl, kl], 1)).kl, 2 * ElboTerms(torch.zeros(3), kl).kl)


@pytest.mark.parametrize("beta", [0.0, 1.0, 4.0])
def test_beta_weighs_the_kl_alone(beta: float) -> None:
    terms = ElboTerms(torch.tensor([-10.0, -20.0]), torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    assert beta_loss(terms, beta).tolist() == pytest.approx([10 + beta * 3, 20 + beta * 7])
    assert terms.elbo.tolist() == [-13.0, -27.0]


OBJECTIVES = {
    "elbo": (Elbo(), 1.0, "bernoulli"),
    "beta": (Elbo(), 3.0, "bernoulli"),
    "free bits": (Elbo(threshold=0.05), 1.0, "bernoulli"),
    "iwae": (ImportanceWeighted(3), 1.0, "bernoulli"),
    "autoencoder": (Autoencoder(), 1.0, "bernoulli"),
    "gaussian": (Elbo(), 1.0, "gaussian"),
}


@pytest.mark.parametrize("name", OBJECTIVES)
def test_gradients_of_the_loss_are_right(name: str) -> None:
    """Finite differences through encoder, reparameterization, decoder and loss, for every weight."""
    objective, weight, likelihood = OBJECTIVES[name]
    model = double_model(2, likelihood)
    x = torch.rand(2, 1, 2, 3, generator=seeded(1), dtype=torch.float64)
    epsilon = torch.randn(objective.draws(2, 2), generator=seeded(2), dtype=torch.float64)
    names = [name for name, _ in model.named_parameters()]
    weights = tuple(p.detach().clone().requires_grad_() for p in model.parameters())

    def loss(*values: torch.Tensor) -> torch.Tensor:
        given = {f"model.{name}": value for name, value in zip(names, values, strict=True)}
        return torch.func.functional_call(Loss(model, objective), given, (x, epsilon, weight)).mean()

    assert torch.autograd.gradcheck(loss, weights)


class Loss(torch.nn.Module):
    """An objective's loss as a module, so that its weights can be replaced."""

    def __init__(self, model: VAE, objective: Objective) -> None:
        super().__init__()
        self.model, self.objective = model, objective

    def forward(self, x: torch.Tensor, epsilon: torch.Tensor, weight: float) -> torch.Tensor:
        return self.objective.loss(self.model, x, epsilon, weight)


def double_model(latent_dim: int, likelihood: str = "bernoulli") -> VAE:
    """A tiny model in double precision. The whole of it: `encode` must not lose digits."""
    return new_model(ModelConfig("mlp", (1, 2, 3), latent_dim, hidden=(3,), likelihood=likelihood), 0).double()


# --- free bits --------------------------------------------------------------------------------------------------------


def test_free_bits_are_the_sum_of_the_larger_of_threshold_and_mean() -> None:
    kl = torch.tensor([[0.1, 2.0, 0.6], [0.3, 4.0, 0.2]], requires_grad=True)  # means 0.2, 3.0, 0.4
    paid = free_bits(kl, 0.4, local_mean)
    assert paid.mean().item() == pytest.approx(0.4 + 3.0 + 0.4)
    paid.mean().backward()
    assert kl.grad is not None
    assert kl.grad.tolist() == [[0.0, 0.5, 0.0], [0.0, 0.5, 0.0]]  # only the dimension above the threshold is pressed


def test_free_bits_of_zero_are_the_kl() -> None:
    kl = torch.rand(5, 3, generator=seeded(1)) + 0.01
    close(free_bits(kl, 0.0, local_mean), kl.sum(1))


def test_free_bits_keep_dimensions_alive_that_a_strong_prior_kills(digits: dict[str, ImageDataset]) -> None:
    def active(**settings: float) -> int:
        config = TrainConfig("digits", epochs=25, batch_size=64, learning_rate=1e-2, beta=8.0, **settings)
        model = new_model(ModelConfig("mlp", (1, 8, 8), 6, (32,)), 0)
        images, held_out = digits["train"].images[:600], digits["validation"].images
        return list(train(model, images, held_out, config, torch.device("cpu")))[-1].validation.active_units

    assert active() <= 3
    assert active(free_bits=0.5) >= 5


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


# --- the plain autoencoder --------------------------------------------------------------------------------------------


def test_an_autoencoder_sees_neither_noise_nor_prior() -> None:
    model = double_model(2)
    x = torch.rand(4, 1, 2, 3, generator=seeded(1), dtype=torch.float64)
    objective = Autoencoder()
    loss = objective.loss(model, x, torch.empty(objective.draws(4, 2)), 1.0)
    close(loss, -Bernoulli.log_prob(model.decode(model.encode(x).mu), x))
    assert torch.equal(loss, objective.loss(model, x, torch.empty(4, 0), 100.0))


def test_what_a_config_names() -> None:
    assert objective_of(TrainConfig("digits")) == Elbo()
    assert objective_of(TrainConfig("digits", free_bits=0.25)) == Elbo(0.25)
    assert objective_of(TrainConfig("digits", objective="iwae", importance_samples=7)) == ImportanceWeighted(7)
    assert objective_of(TrainConfig("digits", objective="autoencoder")) == Autoencoder()
