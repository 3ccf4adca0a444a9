"""One forward pass over a set of images: every number that the anomaly scores are made of. Computes with torch.

The noise of the posterior sample, and of binarized pixels, is the image's own: drawn from its pixels and a seed, so
that its numbers depend on the image, the model and the seed alone, never on the chunk, the order or the company that it
comes in. One generator for a whole set gives an image other noise in another chunk or order, and one draw for all
images shifts every ELBO to the same side. So the hash of an image's bytes starts a stream of its own: SplitMix64
(Steele, Lea & Flood 2014), computed for all images at once, with numpy, so every device gets the same numbers.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vae.checkpoints.checkpoint import FloatArray
from vae.checkpoints.inference import ModelInput, OnBatch, batches, image_terms
from vae.errors import ScoreError
from vae.model.devices import device_of
from vae.model.pixels import binarize, to_unit
from vae.model.vae import VAE

BATCH_PIXELS = 2**22  # of one batch at most: large pictures need much memory each
NORMAL, UNIFORM = 0, 1  # which stream of an image: both can be needed of one seed
WEYL = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, eq=False)
class Pass:
    """n images seen by a model: mu, sigma (n, d); pixels uint8 (n, C, H, W), the images themselves; the rest (n,).

    squared_error is Σ (x − E[x|z=mu])² and energy Σ x², over pixels in [0, 1]; log_likelihood, kl and
    elbo = log_likelihood − kl are in nats, of one posterior sample. `binarized` and `seed` say what x was.
    """

    mu: FloatArray
    sigma: FloatArray
    squared_error: FloatArray
    energy: FloatArray
    log_likelihood: FloatArray
    kl: FloatArray
    elbo: FloatArray
    pixels: NDArray[np.uint8]
    binarized: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        n = len(self.pixels)
        flat = (self.squared_error, self.energy, self.log_likelihood, self.kl, self.elbo)
        fits = self.mu.ndim == 2 and len(self.mu) == n and self.sigma.shape == self.mu.shape
        if not fits or any(array.shape != (n,) for array in flat):
            raise ScoreError(f"The arrays of a pass disagree: {n:,} images, mu {self.mu.shape}.")

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def latent_dim(self) -> int:
        """d."""
        return int(self.mu.shape[1])

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_] | slice) -> Pass:
        """Some of the images, by indices, a mask or a slice."""
        # contiguous, for torch takes no negative strides; a plain run of rows is still no copy
        arrays: dict[str, Any] = {name: np.ascontiguousarray(getattr(self, name)[rows]) for name in ARRAYS}
        return dataclasses.replace(self, **arrays)


ARRAYS = tuple(field.name for field in dataclasses.fields(Pass) if field.name not in {"binarized", "seed"})


def concatenate(parts: Sequence[Pass]) -> Pass:
    """Passes one after another. Raises ScoreError for none, and for passes that were not made in the same way."""
    if not parts:
        raise ScoreError("There are no images to put together.", "Give at least one.")
    made = {(part.binarized, part.seed, part.latent_dim, part.pixels.shape[1:]) for part in parts}
    if len(made) > 1:
        raise ScoreError(f"Passes of {len(made)} kinds can't be put together: {sorted(map(str, made))}.")
    arrays: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in ARRAYS}
    return dataclasses.replace(parts[0], **arrays)


def passes(
    model: VAE,
    images: NDArray[np.uint8],
    binarized: bool = False,
    seed: int = 0,
    batch_size: int = 500,
    on_batch: OnBatch = lambda done, total: None,
) -> Pass:
    """See images (n, C, H, W) once, in batches; none at all is a pass of none.

    `binarized` draws each pixel as 0 or 1 first, for models that were trained so. `on_batch(done, total)` is told how
    many are done and may raise to stop.

    Raises
    ------
    ScoreError
        For images of another shape than the model's, and where the model's numbers are not finite.
    """
    shape = model.config.image_shape
    if images.ndim != 4 or images.shape[1:] != shape or images.dtype != np.uint8:
        raise ScoreError(
            f"The images have shape {images.shape} of {images.dtype}, expected uint8 {('n', *shape)}.",
            "Resize them first.",
        )

    def given(batch: NDArray[np.uint8]) -> ModelInput:
        return ModelInput(unit_pixels(model, batch, binarized, seed), epsilon_of(model, batch, 1, seed)[0])

    rows = batches(len(images), batch_size, math.prod(shape), BATCH_PIXELS, on_batch)
    seen = image_terms(model, images, given, rows)
    columns = [getattr(seen, field.name) for field in dataclasses.fields(seen)]
    bad = ~np.isfinite(np.column_stack([*columns, seen.elbo])).all(1)
    if bad.any():
        raise ScoreError(
            f"The model's numbers are not finite for {bad.sum():,} of {len(images):,} images (first: {bad.argmax()}).",
            "Its training has probably diverged: use another checkpoint.",
        )
    return Pass(
        seen.mu,
        seen.sigma,
        seen.squared_error,
        seen.energy,
        seen.log_likelihood,
        seen.kl,
        seen.elbo,
        images,
        binarized,
        seed,
    )


def unit_pixels(model: VAE, images: NDArray[np.uint8], binarized: bool, seed: int) -> Tensor:
    """x (n, C, H, W) in [0, 1] as the model sees it, on the model's device: what a score gets that asks it again."""
    x = to_unit(torch.tensor(np.ascontiguousarray(images)))  # torch takes no negative strides
    if binarized:
        x = binarize(x, torch.tensor(uniform(images, seed)))
    return x.to(device_of(model))


def epsilon_of(model: VAE, images: NDArray[np.uint8], samples: int, seed: int) -> Tensor:
    """Standard normal draws (samples, n, d) on the model's device; the images' own."""
    draws = standard_normal(images, (samples, model.config.latent_dim), seed)  # (n, samples, d)
    return torch.tensor(draws, device=device_of(model)).transpose(0, 1)


# --- noise ------------------------------------------------------------------------------------------------------------


def standard_normal(images: NDArray[np.uint8], shape: tuple[int, ...], seed: int) -> FloatArray:
    """Independent N(0, 1) for images (n, C, H, W): (n, *shape), by Box & Muller 1958."""
    count = math.prod(shape)
    half = -(-count // 2)
    uniforms = _uniforms(_keys(images, seed, NORMAL), 2 * half)
    radius, angle = np.sqrt(-2 * np.log(uniforms[:, :half])), 2 * np.pi * uniforms[:, half:]
    draws = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)], 1)[:, :count]
    return draws.astype(np.float32).reshape(len(images), *shape)


def uniform(images: NDArray[np.uint8], seed: int) -> FloatArray:
    """Independent draws from [0, 1), one a pixel: (n, C, H, W)."""
    draws = _uniforms(_keys(images, seed, UNIFORM), math.prod(images.shape[1:]))
    below_one = np.nextafter(np.float32(1), np.float32(0))  # float32 rounds the largest up, and white must stay white
    return np.minimum(draws.astype(np.float32), below_one).reshape(images.shape)


def _keys(images: NDArray[np.uint8], seed: int, stream: int) -> NDArray[np.uint64]:
    """A number (n,) for each image's bytes."""
    salt = f"{seed} {stream}".encode()
    digests = (hashlib.blake2b(salt + image.tobytes(), digest_size=8).digest() for image in images)
    return np.frombuffer(b"".join(digests), "<u8").astype(np.uint64)


def _uniforms(keys: NDArray[np.uint64], count: int) -> NDArray[np.float64]:
    """Independent draws from (0, 1): (n, count)."""
    z = keys[:, None] + WEYL * np.arange(1, count + 1, dtype=np.uint64)  # wraps around, as it should
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    unit: NDArray[np.float64] = ((z >> np.uint64(12)) + 0.5) * 2.0**-52  # 12, not 11: +0.5 then stays exact below 1
    return unit
