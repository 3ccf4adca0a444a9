"""Which losses may be compared: those of the same images, likelihood, pixels and objective. No torch."""

from __future__ import annotations

from dataclasses import dataclass

from vae.checkpoints.metrics import MeasuredBy, measured_by
from vae.config import ModelConfig, TrainConfig


@dataclass(frozen=True, order=True)
class LossGroup:
    """What two losses must share, or neither is better. Groups have an order, which says nothing of better or worse.

    `images` names the data set, `classes` are those that it was narrowed to, `samples` those of an importance-weighted
    bound, which grows with them.
    """

    images: str
    likelihood: str
    binarized: bool
    objective: str
    samples: int = 1
    classes: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """What the loss is: `−ELBO`, `−IWAE bound, k = 5`, `reconstruction`."""
        return kind_of(MeasuredBy(self.likelihood, self.binarized, self.objective), self.samples)

    @property
    def title(self) -> str:
        """`mnist · Bernoulli, binarized · −ELBO`, for whoever reads a table."""
        likelihood = f"{self.likelihood.capitalize()}{', binarized' if self.binarized else ''}"
        only = (f"class {', '.join(self.classes)} only",) if self.classes else ()
        return " · ".join((self.images, likelihood, self.kind, *only))


def loss_group(model: ModelConfig, train: TrainConfig, images: str = "") -> LossGroup:
    """The group of a model or a run; `images` is what to call its data set, its name where that is empty."""
    by = measured_by(model, train)
    samples = train.importance_samples if train.objective == "iwae" else 1
    return LossGroup(
        images or train.dataset, by.likelihood, by.binarized, by.objective, samples, tuple(sorted(train.classes))
    )


def kind_of(by: MeasuredBy, samples: int = 1) -> str:
    """What a loss is of, in a few characters; `samples` are those of an importance-weighted bound."""
    match by.objective:
        case "autoencoder":
            return "reconstruction"
        case "iwae":
            return f"−IWAE bound, k = {samples}"
        case _:
            return "−ELBO"
