"""The evidence lower bound, its terms, and what training minimises, in nats.

Every term is summed over pixels or latents and averaged over images only. Averaging over pixels would train with β
equal to the number of pixels, the most common cause of posterior collapse in public code.

Each objective is a small object with two methods: `draws` says which standard normal noise it needs, and
`loss(model, x, epsilon, kl_weight)` is what gradient descent minimises, per image. The noise comes from outside, so
that several processes can share one draw.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from vae.config import TrainConfig
from vae.model.vae import VAE, Posterior, reparameterize


@dataclass(frozen=True)
class ElboTerms:
    """ELBO = log_likelihood - sum over dimensions of kl_per_dim.

    log_likelihood: (N,) nats, log p(x|z) for one posterior sample; kl_per_dim: (N, d) nats, exact.
    """

    log_likelihood: Tensor
    kl_per_dim: Tensor

    @property
    def kl(self) -> Tensor:
        """KL(q(z|x) ‖ p(z)), (N,) nats."""
        return self.kl_per_dim.sum(1)

    @property
    def elbo(self) -> Tensor:
        """(N,) nats; higher is better."""
        return self.log_likelihood - self.kl


def kl_to_prior(posterior: Posterior) -> Tensor:
    """KL(N(mu, sigma²) ‖ N(0, 1)) per image and dimension, (N, d) nats, in closed form.

    ½ (mu² + sigma² − 1 − log sigma²): Kingma & Welling 2014, appendix B.
    """
    return 0.5 * (posterior.mu.square() + posterior.logvar.exp() - 1.0 - posterior.logvar)


def elbo_terms(model: VAE, x: Tensor, generator: torch.Generator | None = None) -> ElboTerms:
    """Eq. 10 of Kingma & Welling 2014 with one posterior sample: images (N, C, H, W) in [0, 1] -> terms per image."""
    posterior = model.encode(x)
    return terms_at(model, x, posterior, reparameterize(posterior, generator))


def terms_at(model: VAE, x: Tensor, posterior: Posterior, z: Tensor) -> ElboTerms:
    """The ELBO's terms where the posterior sample is z (N, d)."""
    return ElboTerms(model.likelihood.log_prob(model.decode(z), x), kl_to_prior(posterior))


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


def importance_weighted_bound(model: VAE, x: Tensor, epsilon: Tensor) -> Tensor:
    """log 1/k Σ_i p(x, z_i) / q(z_i|x), (N,) nats: images (N, C, H, W) and noise (k, N, d).

    Between the ELBO (k = 1) and log p(x), and closer to the latter with every k. Burda, Grosse & Salakhutdinov 2016,
    "Importance weighted autoencoders", eq. 8.
    """
    k, count, d = epsilon.shape
    posterior = model.encode(x)
    z = posterior.at(epsilon)  # (k, N, d)
    # log p(z) − log q(z|x): the two normal constants cancel, and (z − mu)/sigma is ε
    log_ratio = 0.5 * (epsilon.square() + posterior.logvar - z.square()).sum(2)  # (k, N)
    output = model.decode(z.reshape(k * count, d))
    repeated = x.expand(k, *x.shape).reshape(k * count, *x.shape[1:])
    log_weights = model.likelihood.log_prob(output, repeated).view(k, count) + log_ratio
    return torch.logsumexp(log_weights, 0) - math.log(k)


# --- what is minimised ------------------------------------------------------------------------------------------------


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
class ImportanceWeighted:
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
            return ImportanceWeighted(config.importance_samples)
        case "autoencoder":
            return Autoencoder()
        case _:
            return Elbo(config.free_bits, batch_mean)
