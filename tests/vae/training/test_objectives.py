"""What training minimises: the sums that β = 1 stands for, its gradients, free bits, and the plain autoencoder."""

from __future__ import annotations

import pytest
import torch

from vae.config import ModelConfig, TrainConfig
from vae.data.image_dataset import ImageDataset
from vae.model.elbo import ElboTerms
from vae.model.likelihoods import Bernoulli
from vae.model.vae import VAE, new_model
from vae.training.objectives import (
    Autoencoder,
    Elbo,
    Iwae,
    Objective,
    beta_loss,
    free_bits,
    local_mean,
    objective_of,
)
from vae.training.trainer import train


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def close(found: torch.Tensor, expected: torch.Tensor) -> None:
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_a_larger_image_weighs_more() -> None:
    """Fails when anybody averages over pixels: two copies side by side carry twice the nats."""
    logits, x = torch.randn(3, 1, 4, 4, generator=seeded(5)), torch.rand(3, 1, 4, 4, generator=seeded(6))
    kl = torch.rand(3, 2, generator=seeded(7))
    once = ElboTerms(Bernoulli.log_prob(logits, x), kl)
    twice = ElboTerms(Bernoulli.log_prob(logits.repeat(1, 1, 2, 1), x.repeat(1, 1, 2, 1)), kl)
    close(twice.log_likelihood, 2 * once.log_likelihood)
    close(beta_loss(twice) - beta_loss(once), -once.log_likelihood)


@pytest.mark.parametrize("beta", [0.0, 1.0, 4.0])
def test_beta_weighs_the_kl_alone(beta: float) -> None:
    terms = ElboTerms(torch.tensor([-10.0, -20.0]), torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    assert beta_loss(terms, beta).tolist() == pytest.approx([10 + beta * 3, 20 + beta * 7])
    assert terms.elbo.tolist() == [-13.0, -27.0]


OBJECTIVES: dict[str, tuple[Objective, float, str]] = {
    "elbo": (Elbo(), 1.0, "bernoulli"),
    "beta": (Elbo(), 3.0, "bernoulli"),
    "free bits": (Elbo(threshold=0.05), 1.0, "bernoulli"),
    "iwae": (Iwae(3), 1.0, "bernoulli"),
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
    assert objective_of(TrainConfig("digits", objective="iwae", importance_samples=7)) == Iwae(7)
    assert objective_of(TrainConfig("digits", objective="autoencoder")) == Autoencoder()
