"""The one batched pass through a model: images to what is known of them, latents to pictures. Computes with torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vae.budget import limits, needs
from vae.checkpoints.checkpoint import FloatArray, Latents
from vae.checkpoints.metrics import ImportanceBound
from vae.config import TrainConfig
from vae.errors import GenerationError
from vae.model.devices import device_of
from vae.model.elbo import importance_weighted_bound, terms_at
from vae.model.pixels import draw_binarized, to_bytes, to_unit
from vae.model.vae import VAE

OnBatch = Callable[[int, int], None]

SAMPLE_SEED = 0  # of the one posterior sample behind log_likelihood and elbo
BATCH = 500  # images of a batch
BATCH_PIXELS = 2**24  # of a batch at most, whatever its size: large pictures need much memory each
MAX_BYTES = 2**30  # of pictures that are decoded in one go
MAX_WEIGHED = 500_000  # samples of images for an importance-weighted bound: 10,000 images with 50 each
ASKED_BYTES = 2**24  # of pictures, for more of which free memory is looked at: few cost nothing


def batches(
    count: int,
    size: int = BATCH,
    pixels: int = 1,
    max_pixels: int = BATCH_PIXELS,
    on_batch: OnBatch = lambda done, total: None,
) -> Iterator[slice]:
    """The rows of `count` images, batch by batch: `size` of them, fewer where they would have more than `max_pixels`.

    `pixels` are those that one image costs: C·H·W, times the pictures that are decoded for it. `on_batch(done, total)`
    is called after each batch, when the next one is asked for; it may raise to stop.
    """
    step = max(1, min(size, max_pixels // pixels))
    for start in range(0, count, step):
        yield slice(start, start + step)
        on_batch(min(start + step, count), count)


# --- images to what is known of them ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class ModelInput:
    """What a model is given for n images: x (n, C, H, W) in [0, 1] and posterior noise ε (n, d), on its device."""

    x: Tensor
    epsilon: Tensor


@dataclass(frozen=True, eq=False)
class ImageTerms:
    """n images seen by a model: mu, sigma (n, d); the rest (n,), all float32.

    log_likelihood (of one posterior sample) and kl are in nats; squared_error is Σ (x − E[x|z=mu])² and energy Σ x²,
    over pixels in [0, 1].
    """

    mu: FloatArray
    sigma: FloatArray
    log_likelihood: FloatArray
    kl: FloatArray
    squared_error: FloatArray
    energy: FloatArray

    @property
    def elbo(self) -> FloatArray:
        """(n,) nats; higher is better."""
        return self.log_likelihood - self.kl


@torch.inference_mode()
def image_terms(
    model: VAE, images: NDArray[np.uint8], given: Callable[[NDArray[np.uint8]], ModelInput], rows: Iterable[slice]
) -> ImageTerms:
    """See images (N, C, H, W) once, in the batches of `rows` (`batches`); `given` makes what the model gets of a batch.

    Leaves the model in evaluation mode.
    """
    if model.training:
        model.eval()
    d = model.config.latent_dim
    shapes = {field.name: (d,) if field.name in ("mu", "sigma") else () for field in fields(ImageTerms)}
    found = {name: np.empty((len(images), *shape), np.float32) for name, shape in shapes.items()}
    for here in rows:
        for name, values in _terms(model, given(images[here])).items():
            found[name][here] = values.float().cpu().numpy()
    return ImageTerms(**found)


def _terms(model: VAE, given: ModelInput) -> dict[str, Tensor]:
    """The fields of ImageTerms for one batch."""
    x, posterior = given.x, model.encode(given.x)
    terms = terms_at(model, x, posterior, posterior.at(given.epsilon))
    return {
        "mu": posterior.mu,
        "sigma": posterior.sigma,
        "log_likelihood": terms.log_likelihood,
        "kl": terms.kl,
        "squared_error": (x - model.decode_mean(posterior.mu)).square().flatten(1).sum(1),
        "energy": x.square().flatten(1).sum(1),
    }


def encode(
    model: VAE,
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    batch_size: int = BATCH,
    seed: int = SAMPLE_SEED,
    binarized: bool = False,
    on_batch: OnBatch = lambda done, total: None,
) -> Latents:
    """Encode uint8 images (N, C, H, W); the result's arrays are (N, d) and (N,), see `Latents`.

    `binarized` draws each pixel as 0 or 1 first, for models that were trained so. `on_batch(done, total)` hears how
    many images are encoded and may raise to stop.
    """
    device = device_of(model)
    noise = torch.Generator(device).manual_seed(seed)

    def given(batch: NDArray[np.uint8]) -> ModelInput:
        x = to_unit(torch.tensor(batch, device=device))
        x = draw_binarized(x, noise) if binarized else x
        return ModelInput(x, torch.empty(len(x), model.config.latent_dim, device=device).normal_(generator=noise))

    # by count alone: the noise is one stream, of which a batch of another size would take other parts
    seen = image_terms(model, images, given, batches(len(images), batch_size, on_batch=on_batch))
    return Latents(
        seen.mu,
        seen.sigma,
        labels.astype(np.int64),
        seen.log_likelihood,
        seen.kl,
        seen.elbo,
        seen.squared_error,
    )


def bound_of(model: VAE, images: NDArray[np.uint8], train: TrainConfig, binarized: bool) -> ImportanceBound | None:
    """The bound that a model was trained for, where that is an importance-weighted one."""
    if train.objective != "iwae":
        return None
    return importance_bound(model, images, train.importance_samples, binarized)


@torch.inference_mode()
def importance_bound(
    model: VAE, images: NDArray[np.uint8], samples: int, binarized: bool = False, seed: int = SAMPLE_SEED
) -> ImportanceBound:
    """The importance-weighted bound of `samples` samples: uint8 images (N, C, H, W), an even part of very many."""
    device = device_of(model)
    noise = torch.Generator(device).manual_seed(seed)
    count = max(1, min(len(images), MAX_WEIGHED // samples))
    rows, total = np.linspace(0, len(images) - 1, count).astype(np.int64), 0.0
    for here in batches(count, max(1, BATCH // samples), samples * math.prod(images.shape[1:])):
        x = to_unit(torch.tensor(images[rows[here]], device=device))
        x = draw_binarized(x, noise) if binarized else x
        epsilon = torch.empty(samples, len(x), model.config.latent_dim, device=device).normal_(generator=noise)
        total += float(importance_weighted_bound(model, x, epsilon).double().sum())
    return ImportanceBound(total / count, samples, count)


@torch.inference_mode()
def posterior_means(model: VAE, images: NDArray[np.uint8], batch_size: int = BATCH) -> FloatArray:
    """(N, d) of images (N, C, H, W). Raises GenerationError for images of another shape."""
    shape = model.config.image_shape
    if images.ndim != 4 or images.shape[1:] != shape or images.dtype != np.uint8:
        raise GenerationError(f"The images have shape {images.shape} of {images.dtype}, expected uint8 (N, *{shape}).")
    device, mu = device_of(model), np.empty((len(images), model.config.latent_dim), np.float32)
    for here in batches(len(images), batch_size, math.prod(shape), BATCH_PIXELS):
        mu[here] = model.encode(to_unit(torch.tensor(images[here], device=device))).mu.cpu().numpy()
    return mu


# --- latents to pictures ----------------------------------------------------------------------------------------------


@torch.inference_mode()
def decode(
    model: VAE,
    z: NDArray[np.floating],
    batch_size: int = BATCH,
    on_batch: OnBatch = lambda done, total: None,
) -> NDArray[np.uint8]:
    """E[x|z] for latents z (N, d), rounded to bytes: (N, C, H, W).

    `on_batch(done, total)` hears how many are decoded and may raise to stop.

    Raises
    ------
    GenerationError
        For latents of another dimension, numbers that are not finite, and more than 1 GB of pictures.
    BudgetError
        For many pictures where there is too little memory for them.
    """
    d, shape = model.config.latent_dim, model.config.image_shape
    pixels = math.prod(shape)
    if z.ndim != 2 or z.shape[1] != d:
        raise GenerationError(f"The latents have shape {z.shape}, expected (N, {d}).")
    if not np.isfinite(z).all():
        raise GenerationError("The latents have numbers that are not finite, expected only finite ones.")
    if len(z) * pixels > MAX_BYTES:
        raise GenerationError(
            f"{len(z):,} pictures {shape} need {len(z) * pixels / 1e9:.1f} GB, expected at most {MAX_BYTES / 1e9:.1f}.",
            "Ask for fewer.",
        )
    if len(z) * pixels > ASKED_BYTES:
        need = replace(needs.decoding(model.config, len(z)), program=0, parameters=0)  # both are there already
        limits.check_memory(need, f"Decoding {len(z):,} pictures", "Ask for fewer.")
    device, images = device_of(model), np.empty((len(z), *shape), np.uint8)
    for here in batches(len(z), batch_size, pixels, BATCH_PIXELS, on_batch):
        batch = torch.tensor(z[here], dtype=torch.float32, device=device)
        images[here] = to_bytes(model.decode_mean(batch))
    return images
