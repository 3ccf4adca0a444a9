"""Noise that belongs to an image: drawn from its pixels and a seed, so that a score repeats wherever the image stands.

One generator for a whole set gives an image other noise in another chunk or order, and one draw for all images shifts
every ELBO to the same side. So the hash of an image's bytes starts a stream of its own: SplitMix64 (Steele, Lea & Flood
2014), computed for all images at once. numpy only, so every device gets the same numbers.
"""

from __future__ import annotations

import hashlib
import math

import numpy as np
from numpy.typing import NDArray

from vae.checkpoints.checkpoint import FloatArray

NORMAL, UNIFORM = 0, 1  # which stream of an image: both can be needed of one seed
WEYL = np.uint64(0x9E3779B97F4A7C15)


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
