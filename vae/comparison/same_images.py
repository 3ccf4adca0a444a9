"""Whether two checkpoints can be compared, and their stored numbers beside each other. numpy only."""

from __future__ import annotations

from dataclasses import dataclass

from vae.checkpoints.checkpoint import Checkpoint, Metric
from vae.checkpoints.metrics import has_kl
from vae.comparison import neighbourhoods
from vae.comparison.neighbourhoods import Neighbourhoods
from vae.errors import CheckpointError


@dataclass(frozen=True)
class MetricPair:
    """A stored number of two models; None where one has none."""

    name: str
    a: Metric | None
    b: Metric | None

    @property
    def comparable(self) -> bool:
        """Whether both were measured, in the same way."""
        return self.a is not None and self.b is not None and self.a.protocol == self.b.protocol


def check(a: Checkpoint, b: Checkpoint) -> None:
    """Raise CheckpointError unless both were measured on the same test images, in the same order."""
    ours, theirs = a.dataset, b.dataset
    if ours.test_fingerprint != theirs.test_fingerprint:
        raise CheckpointError(
            f"{b.name} was measured on other test images ({theirs.title}, {theirs.test_fingerprint[:8]}), expected "
            f"those of {a.name} ({ours.title}, {ours.test_fingerprint[:8]}).",
            "Choose a model of the same data set, or train one on it.",
        )
    if len(a.latents.mu) != len(b.latents.mu):
        raise CheckpointError(
            f"{b.name} has latents of {len(b.latents.mu):,} test images, expected {len(a.latents.mu):,} as {a.name} "
            "has.",
            "One of them was measured on a part of the test split: train or adopt it again.",
        )


def neighbourhoods_of(a: Checkpoint, b: Checkpoint) -> Neighbourhoods:
    """Of the test images' posterior means. Raises CheckpointError as `check` does."""
    check(a, b)
    return neighbourhoods.compare(a.latents.mu, b.latents.mu)


def metric_pairs(a: Checkpoint, b: Checkpoint) -> list[MetricPair]:
    """Every number that is stored with either and means something, in the order of `a`. An autoencoder has no KL.

    Raises CheckpointError as `check` does.
    """
    check(a, b)
    ours, theirs = _telling(a), _telling(b)
    return [MetricPair(name, ours.get(name), theirs.get(name)) for name in {**ours, **theirs}]


def _telling(checkpoint: Checkpoint) -> dict[str, Metric]:
    kept = checkpoint.metrics
    return kept if has_kl(checkpoint) else {name: kept[name] for name in kept if name not in ("kl", "elbo")}
