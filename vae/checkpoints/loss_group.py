"""Which losses may be compared: those of the same images, likelihood, pixels and objective. No torch."""

from __future__ import annotations

from dataclasses import dataclass, replace

from vae.checkpoints.checkpoint import Summary
from vae.checkpoints.metrics import MeasuredBy, measured_by
from vae.config import ModelConfig, TrainConfig


@dataclass(frozen=True, order=True)
class LossGroup:
    """What two losses must share, or neither is better. Groups have an order, which says nothing of better or worse.

    `images` names the data set, `classes` are those that it was narrowed to, `samples` those of an importance-weighted
    bound, which grows with them. `fingerprint` tells other images of the same name apart, where it is known.
    """

    images: str
    likelihood: str
    binarized: bool
    objective: str
    samples: int = 1
    classes: tuple[str, ...] = ()
    fingerprint: str = ""

    @property
    def kind(self) -> str:
        """What the loss is: `−ELBO`, `−IWAE bound, k = 5`, `reconstruction`."""
        return kind_of(MeasuredBy(self.likelihood, self.binarized, self.objective), self.samples)

    @property
    def title(self) -> str:
        """`mnist · Bernoulli, binarized · −ELBO`, for whoever reads a table."""
        only = (f"class {', '.join(self.classes)} only",) if self.classes else ()
        return " · ".join((self.images, self.pixels, self.kind, *only))

    @property
    def pixels(self) -> str:
        """The likelihood and what it is of: `Bernoulli, binarized`."""
        return f"{self.likelihood.capitalize().replace('_', ' ')}{', binarized' if self.binarized else ''}"


def loss_group(model: ModelConfig, train: TrainConfig, fingerprint: str = "") -> LossGroup:
    """The group of a model or a run; `fingerprint` is that of its test images."""
    by = measured_by(model, train)
    samples = train.importance_samples if train.objective == "iwae" else 1
    classes = tuple(sorted(train.classes))
    return LossGroup(train.dataset, by.likelihood, by.binarized, by.objective, samples, classes, fingerprint)


def of_summary(summary: Summary) -> LossGroup | None:
    """The group of a model on disk; None for one that can't be used."""
    if summary.model is None or summary.train is None or summary.dataset is None:
        return None
    train = replace(summary.train, dataset=summary.dataset.name)
    return loss_group(summary.model, train, summary.dataset.test_fingerprint)


def kind_of(by: MeasuredBy, samples: int = 1) -> str:
    """What a loss is of, in a few characters; `samples` are those of an importance-weighted bound."""
    match by.objective:
        case "autoencoder":
            return "reconstruction"
        case "iwae":
            return f"−IWAE bound, k = {samples}"
        case _:
            return "−ELBO"
