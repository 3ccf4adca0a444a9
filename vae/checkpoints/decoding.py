"""From latents to pictures and back, with torch, in batches."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from vae.checkpoints.checkpoint import FloatArray
from vae.errors import GenerationError
from vae.model.pixels import to_unit
from vae.model.vae import VAE

BATCH_PIXELS = 2**24  # of one batch at most, whatever its size: large pictures need much memory each
MAX_BYTES = 2**30


@torch.inference_mode()
def decode(
    model: VAE,
    z: NDArray[np.floating],
    batch_size: int = 500,
    on_batch: Callable[[int, int], None] = lambda done, total: None,
) -> NDArray[np.uint8]:
    """E[x|z] for latents z (N, d), rounded to bytes: (N, C, H, W).

    `on_batch(done, total)` hears how many are decoded and may raise to stop.

    Raises
    ------
    GenerationError
        For latents of another dimension, numbers that are not finite, and more than 1 GB of pictures.
    """
    d, shape = model.config.latent_dim, model.config.image_shape
    if z.ndim != 2 or z.shape[1] != d:
        raise GenerationError(f"The latents have shape {z.shape}, expected (N, {d}).")
    if not np.isfinite(z).all():
        raise GenerationError("The latents have numbers that are not finite, expected only finite ones.")
    if len(z) * math.prod(shape) > MAX_BYTES:
        raise GenerationError(
            f"{len(z):,} pictures {shape} need {len(z) * math.prod(shape) / 1e9:.1f} GB, "
            f"expected at most {MAX_BYTES / 1e9:.1f}.",
            "Ask for fewer.",
        )
    device = next(model.parameters()).device
    size = max(1, min(batch_size, BATCH_PIXELS // math.prod(shape)))
    images = np.empty((len(z), *shape), np.uint8)
    for start in range(0, len(z), size):
        batch = torch.tensor(z[start : start + size], dtype=torch.float32, device=device)
        images[start : start + size] = _to_bytes(model.decode_mean(batch))
        on_batch(min(start + size, len(z)), len(z))
    return images


@torch.inference_mode()
def encode(model: VAE, images: NDArray[np.uint8], batch_size: int = 500) -> FloatArray:
    """Posterior means (N, d) of images (N, C, H, W). Raises GenerationError for images of another shape."""
    shape = model.config.image_shape
    if images.ndim != 4 or images.shape[1:] != shape or images.dtype != np.uint8:
        raise GenerationError(f"The images have shape {images.shape} of {images.dtype}, expected uint8 (N, *{shape}).")
    device = next(model.parameters()).device
    size = max(1, min(batch_size, BATCH_PIXELS // math.prod(shape)))
    mu = np.empty((len(images), model.config.latent_dim), np.float32)
    for start in range(0, len(images), size):
        batch = to_unit(torch.tensor(images[start : start + size], device=device))
        mu[start : start + size] = model.encode(batch).mu.cpu().numpy()
    return mu


def _to_bytes(mean: torch.Tensor) -> NDArray[np.uint8]:
    """Float (n, C, H, W) in [0, 1] to the nearest byte; a broken model's NaN is black."""
    return (mean.nan_to_num(0.0) * 255).round().clamp(0, 255).to(torch.uint8).cpu().numpy()
