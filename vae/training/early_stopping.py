"""When a run has learned all it will, and when it has gone wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from vae.model.vae import VAE


@dataclass(frozen=True)
class Best:
    """The epoch with the lowest validation loss so far, with a copy of its weights (Prechelt 1998, early stopping)."""

    epoch: int = 0
    loss: float = math.inf
    waited: int = 0  # epochs since
    weights: Mapping[str, Tensor] = field(default_factory=dict)

    def after(self, epoch: int, loss: float, model: VAE) -> Best:
        """The best, now that `epoch` is finished too and its loss can be compared."""
        if loss < self.loss:
            return Best(epoch, loss, 0, {name: tensor.clone() for name, tensor in model.state_dict().items()})
        return Best(self.epoch, self.loss, self.waited + 1, self.weights)

    def stale(self, patience: int) -> bool:
        """Whether `patience` epochs brought nothing better; never for a patience of 0."""
        return 0 < patience <= self.waited

    @torch.no_grad()
    def restore(self, model: VAE) -> None:
        """Put the best epoch's weights back into the model."""
        if self.weights:
            model.load_state_dict(dict(self.weights))


def exploded(loss: float, first: float) -> bool:
    """Whether a loss, in nats, is not finite or far above `first`, that of the untrained model.

    Half of its size above: no run that learns anything gets there, not even one that collapses.
    """
    return not math.isfinite(loss) or loss > first + 0.5 * abs(first) + 1.0
