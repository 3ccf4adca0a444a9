"""Encode a data set once: everything that is known of each image without asking the network again."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from vae.checkpoints.checkpoint import Latents
from vae.model.pixels import draw_binarized, to_unit
from vae.model.vae import VAE, reparameterize
from vae.training.objectives import kl_to_prior

SAMPLE_SEED = 0  # of the one posterior sample behind log_likelihood and elbo


@torch.inference_mode()
def encode(
    model: VAE,
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    batch_size: int = 500,
    seed: int = SAMPLE_SEED,
    binarized: bool = False,
    on_batch: Callable[[int, int], None] = lambda done, total: None,
) -> Latents:
    """Encode uint8 images (N, C, H, W); the result's arrays are (N, d) and (N,), see `Latents`.

    `binarized` draws each pixel as 0 or 1 first, for models that were trained so. `on_batch(done, total)` hears how
    many images are encoded and may raise to stop.
    """
    if model.training:
        model.eval()
    device = next(model.parameters()).device
    noise = torch.Generator(device).manual_seed(seed)
    rows = []
    for batch in _batches(images, batch_size):
        x = to_unit(batch.to(device))
        rows.append(_encode_batch(model, draw_binarized(x, noise) if binarized else x, noise))
        on_batch(sum(len(row[0]) for row in rows), len(images))
    columns = [torch.cat(column).cpu().numpy() for column in zip(*rows, strict=True)]
    mu, sigma, log_likelihood, kl, squared_error = columns
    elbo = log_likelihood - kl
    return Latents(mu, sigma, labels.astype(np.int64), log_likelihood, kl, elbo, squared_error)


def _batches(images: NDArray[np.uint8], batch_size: int) -> Iterator[torch.Tensor]:
    for start in range(0, len(images), batch_size):
        yield torch.tensor(images[start : start + batch_size])


def _encode_batch(model: VAE, x: torch.Tensor, noise: torch.Generator) -> tuple[torch.Tensor, ...]:
    posterior = model.encode(x)
    log_likelihood = model.likelihood.log_prob(model.decode(reparameterize(posterior, noise)), x)
    squared_error = (x - model.decode_mean(posterior.mu)).square().flatten(1).sum(1)
    return posterior.mu, posterior.sigma, log_likelihood, kl_to_prior(posterior).sum(1), squared_error
