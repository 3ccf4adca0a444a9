"""Seconds until a test loss is reached, and that test loss: one protocol for every trainer that is compared.

Test loss: binary cross-entropy of grey pixels summed over the image + KL to the prior, one posterior sample an image,
mean over MNIST's 10,000 test images, in float32. That is what pytorch/examples prints as its test set loss.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from vae.model.vae import VAE, reparameterize

TARGET = 105.6  # nats: the test loss of pytorch/examples' VAE after its ten epochs
TEST_BATCH = 500
TEST_SEED = 0


@dataclass(frozen=True)
class Output:
    """What a VAE says of images (N, 784): pixels in [0, 1] from one posterior sample, mu and logvar (N, d)."""

    pixels: Tensor
    mu: Tensor
    logvar: Tensor


@dataclass(frozen=True)
class Epoch:
    """After an epoch: seconds trained since the start, and the test loss."""

    seconds: float
    test_loss: float


def seconds_to(epochs: Sequence[Epoch], target: float) -> float | None:
    """Seconds trained when the test loss was first at or below `target`; None when it never was."""
    return next((epoch.seconds for epoch in epochs if epoch.test_loss <= target), None)


def epoch_seconds(epochs: Sequence[Epoch]) -> float:
    """The median epoch's own seconds."""
    return float(np.median(np.diff([0.0, *(epoch.seconds for epoch in epochs)])))


def loss_sum(output: Output, x: Tensor) -> Tensor:
    """Binary cross-entropy + KL, summed over images x (N, 784) in [0, 1]: appendix B of Kingma & Welling 2014."""
    cross_entropy = F.binary_cross_entropy(output.pixels, x, reduction="sum")
    kl = -0.5 * torch.sum(1 + output.logvar - output.mu.square() - output.logvar.exp())
    return cross_entropy + kl


def forward_of(model: VAE) -> Callable[[Tensor], Output]:
    """What `loss_per_image` calls, for a model of the project's."""

    def forward(x: Tensor) -> Output:
        posterior = model.encode(x.view(-1, *model.config.image_shape))
        return Output(model.decode_mean(reparameterize(posterior)).flatten(1), posterior.mu, posterior.logvar)

    return forward


@torch.no_grad()
def loss_per_image(forward: Callable[[Tensor], Output], images: NDArray[np.uint8], device: torch.device) -> float:
    """Nats per image of uint8 images; `forward` gets (N, 784) in [0, 1]. The global random state is left as it was."""
    total = 0.0
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(TEST_SEED)
        for batch in torch.split(torch.tensor(images).flatten(1), TEST_BATCH):
            x = batch.to(device).float() / 255
            total += loss_sum(forward(x), x).item()
    return total / len(images)
