"""p(x|z): what the decoder's output means."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vae.config import LINEAR_GAUSSIAN, MAX_LOGVAR, MIN_LOGVAR


class Bernoulli(nn.Module):
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


class Gaussian(nn.Module):
    """Pixels N(sigmoid(output), σ²) with one variance for all pixels and images, learned with the weights.

    The sigmoid keeps the mean a picture in [0, 1]. Sharing one learned variance balances reconstruction and KL by
    itself and can't give single pixels infinite density; its logarithm is clamped to [−12, 4]. Training calls
    `keep_in_range` after every step, so that it does not wander off outside.
    Source: Rybkin, Daniilidis & Levine 2021, "Simple and effective VAE training with calibrated decoders" (σ-VAE).
    """

    def __init__(self) -> None:
        super().__init__()
        self.logvar = nn.Parameter(torch.zeros(1))  # log σ², nats

    def _clamped(self) -> Tensor:
        """The value is clamped, the gradient is not: clamp has none at its ends, and there must be a way back."""
        return self.logvar + (self.logvar.clamp(MIN_LOGVAR, MAX_LOGVAR) - self.logvar).detach()

    @torch.no_grad()
    def keep_in_range(self) -> None:
        """Put a log variance that a step has carried out of its range back to its end."""
        self.logvar.clamp_(MIN_LOGVAR, MAX_LOGVAR)

    @property
    def sigma(self) -> Tensor:
        """The noise's standard deviation, (1,), in units of pixels in [0, 1]."""
        return torch.exp(0.5 * self._clamped())

    def log_prob(self, output: Tensor, x: Tensor) -> Tensor:
        """log p(x|z) in nats, a density over pixels in [0, 1], summed: (N, C, H, W), (N, C, H, W) -> (N,)."""
        logvar = self._clamped()
        errors = (x - self.mean(output)).square().flatten(1)  # (N, C·H·W)
        return -0.5 * (errors.sum(1) / logvar.exp() + errors.shape[1] * (logvar + math.log(2 * math.pi)))

    @staticmethod
    def mean(output: Tensor) -> Tensor:
        """E[x|z], (N, C, H, W) in [0, 1]: the picture that is shown."""
        return torch.sigmoid(output)


class LinearGaussian(Gaussian):
    """A Gaussian of a decoder that was trained elsewhere: its output is the mean, which may leave [0, 1] a little.

    What is shown, and what errors are counted from, is cut to [0, 1]: no pixel is outside.
    """

    @staticmethod
    def mean(output: Tensor) -> Tensor:
        """E[x|z], (N, C, H, W), cut to [0, 1]."""
        return output.clamp(0, 1)


Likelihood = Bernoulli | Gaussian
_KINDS: dict[str, type[Likelihood]] = {
    "bernoulli": Bernoulli,
    "gaussian": Gaussian,
    LINEAR_GAUSSIAN: LinearGaussian,
}


def likelihood_of(name: str) -> Likelihood:
    """The likelihood that a ModelConfig names."""
    return _KINDS[name]()
