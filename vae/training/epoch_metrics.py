"""The numbers of one epoch, measured on fixed images with fixed noise, so that differences are the model's."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from vae.checkpoints.aggregate import marginal_kl
from vae.checkpoints.metrics import ACTIVE_VARIANCE
from vae.model.elbo import terms_at
from vae.model.pixels import draw_binarized, to_unit
from vae.model.vae import VAE, Posterior, reparameterize
from vae.training.objectives import Objective

SEED = 0  # of the posterior noise, the binarization and the prior samples: the same every epoch
VARIETY_IMAGES = 256


@dataclass(frozen=True)
class SplitTerms:
    """Means over one split, in nats per image: elbo = log_likelihood - kl, with one posterior sample an image.

    `loss` is the objective's own, at the full weight of its KL term, and `loss_error` the standard error of that
    mean, None for one image; active_units counts dimensions; marginal_kl is at least the aggregate posterior's distance
    from the prior (checkpoints/aggregate.py).
    """

    log_likelihood: float
    kl: float
    kl_per_dim: tuple[float, ...]
    loss: float
    loss_error: float | None
    active_units: int
    marginal_kl: float

    @property
    def elbo(self) -> float:
        """Higher is better."""
        return self.log_likelihood - self.kl


@dataclass(frozen=True)
class Protocol:
    """How splits are measured during a run."""

    objective: Objective
    beta: float
    binarized: bool
    batch_size: int = 1_000


@torch.inference_mode()
def measure(model: VAE, images: Tensor, protocol: Protocol) -> SplitTerms:
    """Means over images (N, C, H, W) uint8 on the model's device; leaves the model in evaluation mode."""
    model.eval()
    noise = torch.Generator(images.device).manual_seed(SEED)
    sums = TermSums(model.config.latent_dim, images.device)
    for batch in torch.split(images, protocol.batch_size):
        x = to_unit(batch)
        x = draw_binarized(x, noise) if protocol.binarized else x
        posterior = model.encode(x)
        terms = terms_at(model, x, posterior, reparameterize(posterior, noise))
        sums.add_terms(terms.log_likelihood, terms.kl_per_dim)
        sums.add_rest(posterior, protocol.objective.held_out(model, x, terms, protocol.beta, noise))
    return sums.means()


@torch.inference_mode()
def sample_variety(model: VAE, images: Tensor) -> float:
    """Variance over prior samples, divided by that over images (N, C, H, W) uint8, both summed over pixels.

    Near 0 when all samples look alike (mode collapse), about 1 when they differ as much as real images do.
    """
    noise = torch.Generator(images.device).manual_seed(SEED)
    z = torch.empty(VARIETY_IMAGES, model.config.latent_dim, device=images.device).normal_(generator=noise)
    samples, real = model.decode_mean(z), to_unit(images[:VARIETY_IMAGES])
    found, expected = (float(pictures.var(0, correction=0).sum()) for pictures in (samples, real))
    return found / expected if expected > 0 else 1.0  # images that are all alike leave nothing to miss


class TermSums:
    """Running sums that stay on the device: reading a number after every batch would wait for it."""

    def __init__(self, latent_dim: int, device: torch.device) -> None:
        # mps has no float64; everywhere else sums of a million images should not lose digits
        self._precision = torch.float32 if device.type == "mps" else torch.float64
        self._log_likelihood, self._loss, self._loss_square = (
            torch.zeros((), dtype=self._precision, device=device) for _ in "123"
        )
        self._kl = torch.zeros(latent_dim, dtype=self._precision, device=device)
        self._posteriors: list[Posterior] = []
        self._count = 0

    def add_terms(self, log_likelihood: Tensor, kl_per_dim: Tensor) -> None:
        """Add one batch: (n,) and (n, d)."""
        self._log_likelihood += log_likelihood.sum(dtype=self._precision)
        self._kl += kl_per_dim.sum(0, dtype=self._precision)
        self._count += len(log_likelihood)

    def add_rest(self, posterior: Posterior, loss: Tensor) -> None:
        """Add the same batch's posteriors, each (n, d), and losses (n,)."""
        self._posteriors.append(posterior)
        wide = loss.to(self._precision)
        self._loss += wide.sum()
        self._loss_square += wide.square().sum()

    def means(self) -> SplitTerms:
        """Means over all images added."""
        kl = (self._kl / self._count).tolist()
        loss = self._loss.item() / self._count
        spread = max(0.0, self._loss_square.item() / self._count - loss**2)
        error = math.sqrt(spread / (self._count - 1)) if self._count > 1 else None
        mu, sigma = (
            torch.cat([getattr(posterior, name) for posterior in self._posteriors]).cpu().numpy()
            for name in ("mu", "sigma")
        )
        active = int((mu.var(0, dtype=np.float64) > ACTIVE_VARIANCE).sum())
        log_likelihood = self._log_likelihood.item() / self._count
        return SplitTerms(log_likelihood, sum(kl), tuple(kl), loss, error, active, marginal_kl(mu, sigma))
