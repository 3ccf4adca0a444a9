"""p(x|z): what the decoder's output means."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


class Bernoulli:
    """Independent Bernoulli pixels; the decoder's output is their logits.

    On grey pixels in [0, 1] the terms are the usual cross-entropy, which is a loss but no likelihood (grey values are
    not Bernoulli outcomes); on binarized pixels it is log p(x|z) exactly. Source: Kingma & Welling 2014, appendix C.1.
    """

    @staticmethod
    def log_prob(logits: Tensor, x: Tensor) -> Tensor:
        """log p(x|z) in nats, summed over pixels: (N, C, H, W), (N, C, H, W) -> (N,)."""
        return -F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).sum(1)

    @staticmethod
    def mean(logits: Tensor) -> Tensor:
        """E[x|z], (N, C, H, W) in [0, 1]: the picture that is shown."""
        return torch.sigmoid(logits)

    @staticmethod
    def sample(logits: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """A draw x ~ p(x|z), (N, C, H, W) of zeros and ones."""
        return torch.bernoulli(torch.sigmoid(logits), generator=generator)
