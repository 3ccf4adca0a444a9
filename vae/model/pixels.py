"""From stored bytes to what a model sees, and from what it draws to bytes."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def to_unit(batch: Tensor) -> Tensor:
    """uint8 (N, C, H, W) -> float32 in [0, 1]."""
    return batch.float().div_(255)


def to_bytes(mean: Tensor) -> NDArray[np.uint8]:
    """Float (n, C, H, W) in [0, 1] to the nearest byte; a broken model's NaN is black."""
    return (mean.nan_to_num(0.0) * 255).round().clamp(0, 255).to(torch.uint8).cpu().numpy()


def binarize(x: Tensor, uniform: Tensor) -> Tensor:
    """Each pixel 1 with its grey value as probability, else 0: x and uniform draws, both (N, C, H, W).

    Dynamic binarization, the usual protocol for likelihoods on MNIST (Salakhutdinov & Murray 2008; Burda et al. 2016).
    """
    return (uniform < x).to(x.dtype)


def draw_binarized(x: Tensor, generator: torch.Generator) -> Tensor:
    """`binarize` with draws of its own."""
    return binarize(x, torch.empty_like(x).uniform_(generator=generator))
