"""What is known of a run or a model, as verdicts and readings ask for it. No torch.

A run has a row an epoch (run_folder/history.py). A model without a history has one row, made of what was measured of
it; what earlier versions did not measure is NaN, which no comparison finds too large or too small.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from functools import cached_property

from vae.config import GAUSSIANS, MIN_LOGVAR, ModelConfig, TrainConfig
from vae.training.run_folder.history import EpochRow

UNKNOWN = math.nan
# Before this nothing is judged while a run goes on: the KL of a healthy run can lie near 0, and dip once more, in its
# first dozens of gradient steps and while the learning rate still rises.
EARLY_EPOCHS, EARLY_SHARE, EARLY_STEPS = 3, 0.15, 100
INFORMATIVE = 0.1  # nats: a dimension below says next to nothing about an image
PASSED = 0.1  # of a run's epochs
SAME = 0.02  # of what there is to gain: so near to the baseline a loss counts as the baseline's
LEAST_ROOM = 1.0  # nats: with less to gain than z has to say to be of use, nobody can learn anything
GOES_BACK = ("trained", "early_stopped")  # outcomes after which a run with patience has restored its best epoch
ENDED = (*GOES_BACK, "stopped", "diverged")


def is_known(value: float) -> bool:
    """Whether it was measured."""
    return not math.isnan(value)


@dataclass(frozen=True)
class Evidence:
    """A run's history beside its settings. `outcome` is how it ended, empty while it goes on."""

    rows: list[EpochRow]
    model: ModelConfig
    train: TrainConfig
    outcome: str = ""

    # --- how far it is -----------------------------------------------------------------------------------------------

    @property
    def ended(self) -> bool:
        """Whether there will be no more epochs by itself: then it is judged, however short it was."""
        return self.outcome in ENDED

    @cached_property
    def kept(self) -> EvidenceRow:
        """The epoch that counts: the newest, or the best where early stopping went back to it."""
        return EvidenceRow(kept_row(self.rows, self.train, self.outcome), self.train.objective)

    @property
    def past_its_best(self) -> bool:
        """Whether it went on for a tenth of its epochs after the one that is kept: more of them bring nothing."""
        return len(self.rows) - len(self.rows_until_kept()) >= max(1.0, PASSED * len(self.rows))

    def rows_until_kept(self) -> list[EvidenceRow]:
        """All epochs up to that one."""
        until = next(i for i, row in enumerate(self.rows) if row is self.kept.row)
        return [EvidenceRow(row, self.train.objective) for row in self.rows[: until + 1]]

    @property
    def last(self) -> EpochRow:
        """The newest epoch."""
        return self.rows[-1]

    @property
    def epoch(self) -> float:
        """How many are finished; of a model without history as many as it was to be trained."""
        return self.last.get("epoch", float(self.train.epochs))

    @cached_property
    def steps(self) -> float:
        """Gradient steps until now; runs of before they were counted tell them by their pace. NaN where unknown."""
        if "steps" in self.last:
            return self.last["steps"]
        per_epoch = self.last.get("images_per_second", 0.0) * self.last.get("seconds", 0.0)
        return self.epoch * per_epoch / self.train.batch_size if per_epoch else UNKNOWN

    @property
    def train_images(self) -> float:
        """How many images it is trained on; NaN where unknown."""
        return self.last.get("train_images", UNKNOWN)

    @property
    def pixels(self) -> str:
        """`gaussian`, however its mean is made, or `bernoulli`."""
        return "gaussian" if self.model.likelihood in GAUSSIANS else self.model.likelihood

    @property
    def early(self) -> bool:
        """Whether it goes on and has hardly begun."""
        few = self.steps < EARLY_STEPS
        return not self.ended and (few or self.epoch < max(EARLY_EPOCHS, EARLY_SHARE * self.train.epochs))

    @property
    def warming_up(self) -> bool:
        """Whether a schedule still holds the KL weight below β."""
        scheduled = self.has_kl and self.train.kl_schedule != "constant"
        return scheduled and self.last.get("kl_weight", self.train.beta) < 0.99 * self.train.beta

    # --- what it is trained for --------------------------------------------------------------------------------------

    @property
    def has_kl(self) -> bool:
        """Whether the objective holds a KL term, or a bound that stands for one."""
        return self.train.objective != "autoencoder"

    @property
    def kl_priced(self) -> bool:
        """Whether every nat of KL costs at least a nat, as in the ELBO: then it is as large as it pays."""
        return self.train.beta >= 1 and not self.train.free_bits

    def column(self, name: str) -> list[float]:
        """One value an epoch; empty when an epoch lacks it."""
        return [row[name] for row in self.rows] if all(name in row for row in self.rows) else []

    def losses(self, split: str) -> list[float]:
        """The loss per epoch, nats."""
        return [EvidenceRow(row, self.train.objective).loss(split) for row in self.rows]

    def objective(self, split: str) -> list[float]:
        """What training really lowers, per epoch: with β ≠ 1 the loss may rise for good reasons."""
        if known := self.column(f"{split}_loss"):
            return known
        kl, fit = self.column(f"{split}_kl"), self.column(f"{split}_log_likelihood")
        if self.train.objective == "elbo" and kl and fit:  # a run from before it was kept
            return [self.train.beta * nats - log_likelihood for nats, log_likelihood in zip(kl, fit, strict=True)]
        return self.losses(split)

    # --- what it is compared with ------------------------------------------------------------------------------------

    @property
    def room(self) -> float:
        """What there is to gain over the baseline at most, nats: down to the floor; a Gaussian has half a nat a pixel.

        Half a nat is what one pixel loses by being as wrong as its noise. Equal images leave less: there the baseline
        itself is what perfect pictures reach with the finest noise that the likelihood has.
        """
        baseline = self.kept.baseline("validation")
        if self.model.likelihood not in GAUSSIANS:
            return baseline - (self.floor if is_known(self.floor) else 0.0)
        pixels = math.prod(self.model.image_shape)
        left = baseline - 0.5 * pixels * (MIN_LOGVAR + math.log(2 * math.pi))
        return min(0.5 * pixels, left) if is_known(left) else 0.5 * pixels

    @property
    def floor(self) -> float:
        """What no model's validation loss can be below, nats; NaN where that isn't known.

        An autoencoder of binarized pixels sees what it is to draw and pays nothing for it: it may come to 0.
        """
        if self.train.objective == "autoencoder" and self.train.binarization != "none":
            return UNKNOWN
        return self.kept.row.get("validation_floor", UNKNOWN)

    @property
    def nothing_to_gain(self) -> bool:
        """Whether independent pixels are as good as anything: images that are all alike."""
        return self.room < LEAST_ROOM

    @property
    def validation_error(self) -> float:
        """The standard error of the validation loss, nats; NaN where it isn't known, as of a single image."""
        return self.kept.row.get("validation_loss_error", UNKNOWN)

    @property
    def tolerance(self) -> float:
        """Differences from the baseline below this are none."""
        return SAME * self.room

    @cached_property
    def scale(self) -> float:
        """What sudden changes of the loss are measured by, nats. A Gaussian's can be near 0, so never below 1."""
        sizes = [abs(value) for value in self.losses("validation")]
        return max(statistics.median(sizes), abs(self.last.get("validation_kl", 0.0)), 1.0)

    @property
    def kl_per_dimension(self) -> list[float]:
        """kl_0, kl_1, … of the epoch that counts; empty where they were not kept."""
        row, j, found = self.kept.row, 0, []
        while f"kl_{j}" in row:
            found.append(row[f"kl_{j}"])
            j += 1
        return found

    @property
    def used_dimensions(self) -> float:
        """Those that tell at least 0.1 nats of an image; where that was not kept, those whose means vary (Burda)."""
        kl = self.kl_per_dimension
        return float(sum(value >= INFORMATIVE for value in kl)) if kl else self.kept.row.get("active_units", UNKNOWN)


@dataclass(frozen=True)
class EvidenceRow:
    """One epoch, or one model."""

    row: EpochRow
    trained_for: str  # TrainConfig.objective

    def loss(self, split: str) -> float:
        """What the model is judged by, nats: −ELBO whatever β; −the importance-weighted bound; −log p(x|z) alone."""
        match self.trained_for:
            case "autoencoder":
                return -self._get(f"{split}_log_likelihood")
            case "iwae":
                return self._get(f"{split}_loss")
            case _:
                return -self._get(f"{split}_elbo")

    def reconstruction(self, split: str) -> float:
        """−log p(x|z), nats."""
        return -self._get(f"{split}_log_likelihood")

    def kl(self, split: str = "validation") -> float:
        """Nats."""
        return self._get(f"{split}_kl")

    def baseline(self, split: str) -> float:
        """The loss of independent pixels on the same images, nats; near enough that on others, where only they were."""
        return self.row.get(f"{split}_baseline", self._get("validation_baseline"))

    def gain(self, split: str) -> float:
        """By how much the loss is below the baseline's."""
        return self.baseline(split) - self.loss(split)

    def lost_share(self) -> float:
        """Of what it gained over the baseline on training images, the share that it does not on others."""
        gained = self.gain("train")
        return (gained - self.gain("validation")) / gained if gained > 0 else UNKNOWN

    def _get(self, name: str) -> float:
        return self.row.get(name, UNKNOWN)


def kept_row(rows: list[EpochRow], train: TrainConfig, outcome: str) -> EpochRow:
    """The newest row, or the best one where early stopping went back to it (early_stopping.py chooses alike)."""
    if train.patience and outcome in GOES_BACK:
        full = [row for row in rows if row.get("kl_weight") == train.beta and "validation_loss" in row]
        if full:
            return min(full, key=lambda row: row["validation_loss"])
    return rows[-1]


def smoothed(values: list[float], epochs: int = 3) -> list[float]:
    """Running means over so many epochs, each of those before and its own."""
    return [statistics.fmean(values[max(0, i + 1 - epochs) : i + 1]) for i in range(len(values))]
