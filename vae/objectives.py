"""The evidence lower bound and its terms, in nats.

Every term is summed over pixels or latents and averaged over images only. Averaging over pixels would train with β
equal to the number of pixels, the most common cause of posterior collapse in public code.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vae.model import VAE, Posterior


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
    parameters, posterior = model(x, generator)
    return ElboTerms(model.likelihood.log_prob(parameters, x), kl_to_prior(posterior))


def beta_loss(terms: ElboTerms, beta: float = 1.0) -> Tensor:
    """The scalar that training minimises: −(log p(x|z) − β KL), averaged over the batch.

    β = 1 is −ELBO; other weights are Higgins et al. 2017, eq. 4.
    """
    return (beta * terms.kl - terms.log_likelihood).mean()
