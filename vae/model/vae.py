"""The variational autoencoder: q(z|x), reparameterization, p(x|z). Source: Kingma & Welling 2014, arXiv:1312.6114."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vae.config import ModelConfig
from vae.model import networks
from vae.model.layers import decoder_graph, encoder_graph
from vae.model.likelihoods import Likelihood, likelihood_of

POINT_LOGVAR = -20.0  # of an autoencoder's posterior: sigma = e^-10, a point as far as pictures can tell


@dataclass(frozen=True)
class Posterior:
    """q(z|x) = N(mu, diag(exp(logvar))): both (N, d)."""

    mu: Tensor
    logvar: Tensor

    @property
    def sigma(self) -> Tensor:
        """Standard deviations, (N, d)."""
        return torch.exp(0.5 * self.logvar)

    def at(self, epsilon: Tensor) -> Tensor:
        """z = mu + sigma · ε (..., d) for standard normal ε; gradients flow to mu and logvar."""
        return self.mu + self.sigma * epsilon


def at_least_float32(values: Tensor) -> Tensor:
    """bfloat16 is for matrix products; exponentials and sums need more digits."""
    return values.float() if values.dtype == torch.bfloat16 else values


def reparameterize(posterior: Posterior, generator: torch.Generator | None = None) -> Tensor:
    """A draw z ~ q(z|x), (N, d), that gradients flow through."""
    return posterior.at(torch.empty_like(posterior.mu).normal_(generator=generator))


class VAE(nn.Module):
    """Encoder and decoder for images (N, C, H, W) in [0, 1] and latents (N, d)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.likelihood: Likelihood = likelihood_of(config.likelihood)
        self.encoder = networks.build(encoder_graph(config))
        self.decoder = networks.build(decoder_graph(config))

    def encode(self, x: Tensor) -> Posterior:
        """q(z|x) for images (N, C, H, W)."""
        mu, logvar = at_least_float32(self.encoder(x)).chunk(2, dim=1)  # (N, 2d) -> (N, d), (N, d)
        return Posterior(mu, logvar)

    def decode(self, z: Tensor) -> Tensor:
        """The parameters of p(x|z), (N, C, H, W); `decode_mean` gives pixels."""
        return at_least_float32(self.decoder(z))

    def decode_mean(self, z: Tensor) -> Tensor:
        """E[x|z], (N, C, H, W) in [0, 1]."""
        return self.likelihood.mean(self.decode(z))

    def forward(self, x: Tensor, generator: torch.Generator | None = None) -> tuple[Tensor, Posterior]:
        """(parameters of p(x|z) for one posterior sample z, q(z|x))."""
        posterior = self.encode(x)
        return self.decode(reparameterize(posterior, generator)), posterior

    @torch.no_grad()
    def make_posterior_a_point(self) -> None:
        """Fix sigma at e^-10 for every image: what an autoencoder is as a VAE. No gradient reaches it in its loss."""
        weight, bias = list(self.encoder.parameters())[-2:]  # of the last layer: (2d, width), (2d,)
        weight[self.config.latent_dim :] = 0
        bias[self.config.latent_dim :] = POINT_LOGVAR


def new_model(config: ModelConfig, seed: int) -> VAE:
    """A VAE whose initial weights depend on `seed` alone; the global random state is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return VAE(config)
