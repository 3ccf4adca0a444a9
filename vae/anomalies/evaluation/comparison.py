"""What a comparison of scores is: scores of every test image, how each does, and which is best. numpy only."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from vae.anomalies.evaluation.metrics import Evaluation
from vae.anomalies.methods import registry
from vae.anomalies.normal_images import NormalChoice
from vae.checkpoints.checkpoint import Checkpoint, FloatArray

T = TypeVar("T")


def _title(name: str) -> str:
    return registry.get(name).title


@dataclass(frozen=True, eq=False)
class NormalReference:
    """The normal images that the scores were fitted to: rows (N,) of the train split, rising; mu, sigma (N, d)."""

    rows: NDArray[np.int64]
    mu: FloatArray
    sigma: FloatArray


@dataclass(frozen=True, eq=False)
class Comparison:
    """What each score says of the n images of the test split and of m held-out normal images, by the score's name.

    `evaluations` is empty where labels can't tell outliers, and `why_not` then says why. `seconds` are of scoring the
    test split, `pass_seconds` those of the forward pass before it, which baselines don't need. `failed` says of a score
    that could not be computed why; it is not saved.
    """

    choice: NormalChoice
    reference: NormalReference
    scores: dict[str, FloatArray] = field(default_factory=dict)
    held_out: dict[str, FloatArray] = field(default_factory=dict)
    evaluations: dict[str, Evaluation] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    pass_seconds: float = 0.0
    why_not: str = ""
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def images_per_second(self) -> dict[str, float]:
        """Test images per second from pixels to scores, with the forward pass where it is needed, by the name."""
        seconds = {
            name: self.seconds[name] + (0 if name in registry.BASELINES else self.pass_seconds) for name in self.scores
        }
        return {name: len(scores) / max(seconds[name], 1e-9) for name, scores in self.scores.items()}

    def winner(self) -> str | None:
        """The score of the best AUROC, the first of equals; None where nothing is evaluated."""
        return self._best(baseline=None)

    def baseline_wins(self) -> bool:
        """Whether a baseline, which needs no VAE, is better than every score of the VAE that was evaluated."""
        ours, baseline = self._best(baseline=False), self._best(baseline=True)
        return bool(ours and baseline) and self._auroc(baseline) > self._auroc(ours)

    def sentence(self, called: Callable[[str], str] = _title) -> str:
        """Which score is best, and how the best of the other kind compares; empty where nothing is evaluated.

        `called` says how a score of this name is called, as in the list beside it.
        """
        best = self.winner()
        if best is None:
            return ""
        is_baseline = best in registry.BASELINES
        other = self._best(baseline=not is_baseline)
        needless = ", which needs no VAE," if is_baseline else ""
        default = self._default_sentence(best, called)
        if other is None:
            missing = "no score of the VAE" if is_baseline else "no baseline"
            auroc = f"{self._auroc(best):.3f}"
            return f"{called(best)}{needless} is best here: AUROC {auroc}; {missing} was compared.{default}"
        overlap = self.evaluations[best].auroc.low <= self.evaluations[other].auroc.high
        return (
            f"{called(best)}{needless} is best here: AUROC {self._auroc(best):.3f} against {self._auroc(other):.3f} "
            f"of {called(other)}{'' if is_baseline else ', the best baseline'}"
            f"{'; their intervals overlap' if overlap else ''}.{default}"
        )

    def _default_sentence(self, best: str, called: Callable[[str], str]) -> str:
        """How the default does, and that the best is only known by looking at the labels."""
        if best == registry.DEFAULT or registry.DEFAULT not in self.evaluations:
            return ""
        name, auroc = called(registry.DEFAULT), self._auroc(registry.DEFAULT)
        chosen = "Which is best is known by these labels, so the best number is a little optimistic."
        return f" The default, {name}, has {auroc:.3f}. {chosen}"

    def _best(self, baseline: bool | None) -> str | None:
        """Of the baselines, of the VAE's scores, or of both."""
        names = [name for name in self.evaluations if baseline is None or (name in registry.BASELINES) == baseline]
        return max(names, key=self._auroc, default=None)

    def _auroc(self, name: str | None) -> float:
        return self.evaluations[name].auroc.value if name else float("nan")


def outliers(checkpoint: Checkpoint, choice: NormalChoice) -> NDArray[np.bool_]:
    """Which test images are of no normal class: (n,)."""
    return ~np.isin(checkpoint.latents.labels, choice.labels(checkpoint.dataset.class_names))


def why_not(checkpoint: Checkpoint, choice: NormalChoice) -> str:
    """Why scores can't be evaluated by the labels of the test split; empty where they can."""
    if len(checkpoint.dataset.class_names) < 2:
        return "The images have one class only, so nothing says which of them are outliers: there is no ROC."
    outlier = outliers(checkpoint, choice)
    if not choice.classes or not outlier.any():
        return "All classes of the test split are normal, so none of its images is an outlier: there is no ROC."
    return "The test split has no image of the normal classes: there is no ROC." if outlier.all() else ""


def merged(older: Comparison | None, newer: Comparison) -> Comparison:
    """Both together, in showing order; the newer of a score counts, and it alone where the images were others."""
    if older is None or not _same_images(older, newer):
        return newer
    return dataclasses.replace(
        newer,
        scores=in_order(older.scores | newer.scores),
        held_out=in_order(older.held_out | newer.held_out),
        evaluations=in_order(older.evaluations | newer.evaluations),
        seconds=in_order(older.seconds | newer.seconds),
    )


def in_order(by_name: dict[str, T]) -> dict[str, T]:
    """The same in the order in which scores are shown."""
    return {name: by_name[name] for name in registry.SCORES if name in by_name}


def _same_images(a: Comparison, b: Comparison) -> bool:
    sizes = {len(scores) for each in (a, b) for scores in each.held_out.values()}
    return a.choice == b.choice and np.array_equal(a.reference.rows, b.reference.rows) and len(sizes) <= 1
