"""The training loop: a generator of epoch reports. No printing, no files, no UI."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vae.config import TrainConfig
from vae.errors import TrainingError
from vae.model import VAE
from vae.objectives import beta_loss, elbo_terms

VALIDATION_SEED = 0  # the same posterior noise every epoch: differences between epochs are the model's


@dataclass(frozen=True)
class SplitTerms:
    """Means over one split, in nats per image: elbo = log_likelihood - kl, with one posterior sample an image."""

    log_likelihood: float
    kl: float
    kl_per_dim: tuple[float, ...]

    @property
    def elbo(self) -> float:
        """Higher is better."""
        return self.log_likelihood - self.kl


@dataclass(frozen=True)
class EpochReport:
    """What one epoch did. `train` is the mean while the weights moved, `validation` with the weights at its end."""

    epoch: int
    epochs: int
    train: SplitTerms
    validation: SplitTerms
    images_per_second: float
    seconds: float


def train(
    model: VAE,
    train_images: NDArray[np.uint8],
    validation_images: NDArray[np.uint8],
    config: TrainConfig,
    device: torch.device,
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> Iterator[EpochReport]:
    """Train `model` in place, yielding a report after every epoch.

    Images (N, C, H, W) stay on the device as uint8. `on_step(done, total)` is called after every gradient step and may
    raise to stop. The same seed on the same CPU gives the same weights. Adam with a one-cycle learning rate.

    Raises
    ------
    TrainingError
        When the loss of an epoch, on either split, is not finite.
    """
    model.to(device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    images = torch.tensor(train_images, device=device)  # (N, C, H, W) uint8
    held_out = torch.tensor(validation_images, device=device)
    noise = torch.Generator(device).manual_seed(config.seed)
    order = torch.Generator().manual_seed(config.seed)
    steps = -(-len(images) // config.batch_size)
    optimizer = torch.optim.Adam(model.parameters(), lr=config.learning_rate, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=config.learning_rate, total_steps=config.epochs * steps
    )
    for epoch in range(1, config.epochs + 1):
        start = time.perf_counter()
        sums = TermSums(model.config.latent_dim, device)
        for step, rows in enumerate(torch.split(torch.randperm(len(images), generator=order), config.batch_size), 1):
            x = images[rows.to(device)].float().div_(255)
            terms = elbo_terms(model, x, noise)
            optimizer.zero_grad(set_to_none=True)
            beta_loss(terms, config.beta).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            sums.add(terms.log_likelihood, terms.kl_per_dim)
            on_step((epoch - 1) * steps + step, config.epochs * steps)
        train_terms = sums.means()
        seconds = time.perf_counter() - start
        validation = measure(model, held_out, config.batch_size)
        if not np.isfinite([train_terms.elbo, validation.elbo]).all():  # the last step may have ruined the weights
            raise TrainingError(
                f"The loss stopped being a finite number in epoch {epoch}.",
                f"Lower the learning rate (it was {config.learning_rate:g}); 1e-3 to 5e-3 suit most VAEs.",
            )
        yield EpochReport(epoch, config.epochs, train_terms, validation, len(images) / seconds, seconds)
        model.train()


@torch.inference_mode()
def measure(model: VAE, images: Tensor, batch_size: int, seed: int = VALIDATION_SEED) -> SplitTerms:
    """Mean ELBO terms of images (N, C, H, W) uint8 on the model's device, one posterior sample each."""
    model.eval()
    noise = torch.Generator(images.device).manual_seed(seed)
    sums = TermSums(model.config.latent_dim, images.device)
    for batch in torch.split(images, batch_size):
        terms = elbo_terms(model, batch.float().div_(255), noise)
        sums.add(terms.log_likelihood, terms.kl_per_dim)
    return sums.means()


class TermSums:
    """Running sums that stay on the device: reading a number after every batch would wait for it."""

    def __init__(self, latent_dim: int, device: torch.device) -> None:
        # mps has no float64; everywhere else sums of a million images should not lose digits
        precision = torch.float32 if device.type == "mps" else torch.float64
        self._log_likelihood = torch.zeros((), dtype=precision, device=device)
        self._kl = torch.zeros(latent_dim, dtype=precision, device=device)
        self._count = 0

    def add(self, log_likelihood: Tensor, kl_per_dim: Tensor) -> None:
        """Add one batch: (n,) and (n, d)."""
        self._log_likelihood += log_likelihood.detach().sum()
        self._kl += kl_per_dim.detach().sum(0)
        self._count += len(log_likelihood)

    def means(self) -> SplitTerms:
        """Means over all images added."""
        kl = (self._kl / self._count).tolist()
        return SplitTerms(self._log_likelihood.item() / self._count, sum(kl), tuple(kl))
