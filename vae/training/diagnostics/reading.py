"""A reading is a number of a training run and what it means; a run is what it is read from. No torch."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, replace

from vae.config import ModelConfig, TrainConfig
from vae.training.run_folder.history import EpochRow

# Before this nothing is judged: the KL of a healthy run can lie near 0, and dip once more, in its first dozens of
# gradient steps and while the learning rate still rises.
EARLY_EPOCHS, EARLY_SHARE, EARLY_STEPS = 3, 0.15, 100


@dataclass(frozen=True)
class Reading:
    """One number and what it means. level: fine, watch, failing, or `open` where nothing can be said (yet)."""

    name: str
    value: str
    unit: str
    level: str
    sentence: str
    remedy: str = ""


@dataclass(frozen=True)
class Run:
    """A run's history beside its settings."""

    rows: list[EpochRow]
    model: ModelConfig
    train: TrainConfig

    @property
    def last(self) -> EpochRow:
        """The newest epoch."""
        return self.rows[-1]

    @property
    def has_kl(self) -> bool:
        """Whether the objective holds a KL term, or a bound that stands for one."""
        return self.train.objective != "autoencoder"

    @property
    def early(self) -> bool:
        """Whether it has hardly begun."""
        epoch, per_epoch = self.last["epoch"], self.last.get("images_per_second", 0) * self.last.get("seconds", 0)
        steps = epoch * per_epoch / self.train.batch_size
        few = 0 < steps < EARLY_STEPS
        return few or epoch < max(EARLY_EPOCHS, EARLY_SHARE * self.train.epochs)

    @property
    def warming_up(self) -> bool:
        """Whether a schedule still holds the KL weight below β."""
        scheduled = self.has_kl and self.train.kl_schedule != "constant"
        return scheduled and self.last.get("kl_weight", self.train.beta) < 0.99 * self.train.beta

    @property
    def bound(self) -> str:
        """What training raises: the ELBO, or the reconstruction alone."""
        return "elbo" if self.has_kl else "log_likelihood"

    def column(self, name: str) -> list[float]:
        """One value an epoch; empty when an epoch lacks it."""
        return [row[name] for row in self.rows] if all(name in row for row in self.rows) else []

    @property
    def scale(self) -> float:
        """What differences of the bound are measured by, nats. A Gaussian's bound can be near 0, so never below 1."""
        sizes = [abs(value) for value in self.column(f"validation_{self.bound}")]
        return max(statistics.median(sizes), abs(self.last.get("validation_kl", 0.0)), 1.0)


def too_early(reading: Reading) -> Reading:
    """The number without a judgement."""
    return replace(reading, level="open", sentence="Too early to judge.", remedy="")


def number(value: float, digits: int = 2) -> str:
    """With thousands separators and a true minus."""
    return f"{value:,.{digits}f}".replace("-", "−")
