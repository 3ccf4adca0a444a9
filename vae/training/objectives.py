"""What training minimises, in nats: objectives made of the ELBO's terms (model/elbo.py).

Losses are averaged over images only. Each objective is a small object with two methods: `draws` says which standard
normal noise it needs, and `loss(model, x, epsilon, kl_weight)` is what gradient descent minimises, per image. The noise
comes from outside, so that several processes can share one draw.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from vae.config import TrainConfig
from vae.model.elbo import ElboTerms, importance_weighted_bound, terms_at
from vae.model.vae import VAE


def beta_loss(terms: ElboTerms, beta: float = 1.0) -> Tensor:
    """−(log p(x|z) − β KL), (N,) nats: with β = 1 the negative ELBO, with others Higgins et al. 2017 (β-VAE), eq. 4."""
    return beta * terms.kl - terms.log_likelihood


def free_bits(kl_per_dim: Tensor, threshold: float, batch_mean: Callable[[Tensor], Tensor]) -> Tensor:
    """Σ_j max(λ, KL_j) with KL_j averaged over the batch: (N, d) -> (N,) whose mean is that sum.

    A dimension below λ nats costs λ and gets no gradient from the prior, so it isn't pushed into collapse. Kingma et
    al. 2016, "Improved variational inference with inverse autoregressive flow", eq. 15, one dimension a group.
    `batch_mean` takes (N, d) to the mean (d,) over the whole batch, over all processes where there are several.
    """
    paid = batch_mean(kl_per_dim.detach()) > threshold  # (d,)
    return torch.where(paid, kl_per_dim, threshold).sum(1)


class Objective(Protocol):
    """What training minimises."""

    def draws(self, images: int, latent_dim: int) -> tuple[int, ...]:
        """The shape of the noise that `loss` needs for so many images; images are the last dimension but one."""
        ...

    def loss(self, model: VAE, x: Tensor, epsilon: Tensor, kl_weight: float) -> Tensor:
        """(N,) nats for images (N, C, H, W) in [0, 1]."""
        ...

    def held_out(self, model: VAE, x: Tensor, terms: ElboTerms, beta: float, generator: torch.Generator) -> Tensor:
        """(N,) nats: the loss as early stopping watches it, at the full weight of the KL term and without free bits."""
        ...


def local_mean(kl_per_dim: Tensor) -> Tensor:
    """(N, d) -> (d,): the mean over a batch that one process holds alone."""
    return kl_per_dim.mean(0)


@dataclass(frozen=True)
class Elbo:
    """The negative ELBO, its KL term weighed by β, which a schedule may change from step to step."""

    threshold: float = 0.0
    batch_mean: Callable[[Tensor], Tensor] = local_mean

    def draws(self, images: int, latent_dim: int) -> tuple[int, ...]:
        """One sample an image: (N, d)."""
        return (images, latent_dim)

    def loss(self, model: VAE, x: Tensor, epsilon: Tensor, kl_weight: float) -> Tensor:
        """(N,) nats."""
        posterior = model.encode(x)
        terms = terms_at(model, x, posterior, posterior.at(epsilon))
        if not self.threshold:
            return beta_loss(terms, kl_weight)
        return kl_weight * free_bits(terms.kl_per_dim, self.threshold, self.batch_mean) - terms.log_likelihood

    def held_out(self, model: VAE, x: Tensor, terms: ElboTerms, beta: float, generator: torch.Generator) -> Tensor:
        """(N,) nats, of the terms that are measured anyway."""
        return beta_loss(terms, beta)


@dataclass(frozen=True)
class Iwae:
    """Minus the importance-weighted bound of k samples."""

    samples: int

    def draws(self, images: int, latent_dim: int) -> tuple[int, ...]:
        """k samples an image: (k, N, d)."""
        return (self.samples, images, latent_dim)

    def loss(self, model: VAE, x: Tensor, epsilon: Tensor, kl_weight: float) -> Tensor:
        """(N,) nats; there is no KL term to weigh."""
        return -importance_weighted_bound(model, x, epsilon)

    def held_out(self, model: VAE, x: Tensor, terms: ElboTerms, beta: float, generator: torch.Generator) -> Tensor:
        """(N,) nats."""
        epsilon = torch.empty(self.draws(len(x), model.config.latent_dim), device=x.device)
        return self.loss(model, x, epsilon.normal_(generator=generator), beta)


@dataclass(frozen=True)
class Autoencoder:
    """−log p(x|z = mu): no noise and no prior. Hinton & Salakhutdinov 2006, trained end to end."""

    def draws(self, images: int, latent_dim: int) -> tuple[int, ...]:
        """None: (N, 0)."""
        return (images, 0)

    def loss(self, model: VAE, x: Tensor, epsilon: Tensor, kl_weight: float) -> Tensor:
        """(N,) nats."""
        return -model.likelihood.log_prob(model.decode(model.encode(x).mu), x)

    def held_out(self, model: VAE, x: Tensor, terms: ElboTerms, beta: float, generator: torch.Generator) -> Tensor:
        """(N,) nats."""
        return self.loss(model, x, torch.empty(0), beta)


def objective_of(config: TrainConfig, batch_mean: Callable[[Tensor], Tensor] = local_mean) -> Objective:
    """The objective that a TrainConfig names."""
    match config.objective:
        case "iwae":
            return Iwae(config.importance_samples)
        case "autoencoder":
            return Autoencoder()
        case _:
            return Elbo(config.free_bits, batch_mean)
