"""The evidence lower bound and its terms, in nats. What training minimises is made of them in training/objectives.py.

Every term is summed over pixels or latents, and never averaged over them: averaging over pixels would train with β
equal to the number of pixels, the most common cause of posterior collapse in public code.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from vae.model.vae import VAE, Posterior


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


def terms_at(model: VAE, x: Tensor, posterior: Posterior, z: Tensor) -> ElboTerms:
    """The ELBO's terms for images x (N, C, H, W) in [0, 1] where the posterior sample is z (N, d).

    Eq. 10 of Kingma & Welling 2014 with one sample an image.
    """
    return ElboTerms(model.likelihood.log_prob(model.decode(z), x), kl_to_prior(posterior))


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
