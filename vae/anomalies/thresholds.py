"""The threshold of a detector: how it is chosen, as a person says it and as a number, and what it flags. numpy only."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vae.errors import ScoreError

Float64s = NDArray[np.float64]
Bools = NDArray[np.bool_]

LARGEST = float(np.finfo(np.float64).max)
RULES = {
    "threshold": "set by hand",
    "false_alarms": "set for {share} false alarms",
    "contamination": "set to flag {share} of the images that were scored",
}
CERTAINTY = 0.95  # of the range of a true rate


@dataclass(frozen=True)
class Count:
    """How many of `of` images a threshold flags."""

    flagged: int
    of: int


@dataclass(frozen=True)
class Share:
    """Bounds of a share that images are drawn with, which holds the true one in at least CERTAINTY of cases."""

    low: float
    high: float

    def text(self) -> str:
        """As "0 to 17.6 %"."""
        return f"{100 * self.low:.3g} to {100 * self.high:.3g} %"


def count(held_out: ArrayLike, threshold: float) -> Count:
    """How many of the held-out scores (n,) lie above the threshold."""
    return Count(int(flagged(held_out, threshold).sum()), len(np.asarray(held_out)))


def true_share(found: Count, certainty: float = CERTAINTY) -> Share:
    """What share of new normal images a threshold flags, known from held-out ones: Clopper & Pearson 1934.

    For a threshold that is itself one of n held-out scores, with c above it, the true share is Beta(c + 1, n - c)
    distributed (Vovk 2012, proposition 2a): the upper bound is its quantile, the lower one lies below its quantile.
    """
    tail, c, n = (1 - certainty) / 2, found.flagged, found.of
    low = beta_quantile(c, n - c + 1, tail) if c else 0.0
    return Share(low, beta_quantile(c + 1, n - c, 1 - tail) if c < n else 1.0)


def beta_quantile(a: float, b: float, share: float) -> float:
    """The number below which `share` of a Beta(a, b) distribution lies."""
    from scipy.special import betaincinv

    return float(betaincinv(a, b, share))


@dataclass(frozen=True)
class Rule:
    """How a threshold is chosen: kind "threshold" (value is a score), "false_alarms" or "contamination" (a share).

    Raises ScoreError for another kind, NaN, an infinite threshold, or a share outside 0 to 1.
    """

    kind: str
    value: float

    def __post_init__(self) -> None:
        if self.kind not in RULES:
            raise ScoreError(f"Unknown rule {self.kind!r} for a threshold.", f"Known ones: {', '.join(RULES)}.")
        if not math.isfinite(self.value):
            raise ScoreError(f"The {self.kind.replace('_', ' ')} is {self.value:g}, expected a finite number.")
        if self.kind != "threshold" and not 0 <= self.value <= 1:
            words = "false-alarm share" if self.kind == "false_alarms" else "contamination rate"
            raise ScoreError(f"The {words} is {self.value:g}, expected 0 to 1.", "0.05 flags 5 % of the images.")

    def too_few(self, held_out: int) -> str:
        """What so many held-out normal images can promise instead of this share of false alarms; empty if enough."""
        if self.kind != "false_alarms" or not 0 < self.value < least_share(held_out):
            return ""
        least, images = percent(least_share(held_out)), f"{held_out:,} held-out normal image{'s' * (held_out > 1)}"
        return f"{images} can promise {least} at best, and {percent(self.value)} needs {images_for(self.value):,}"

    def text(self, found: Count) -> str:
        """How the threshold was chosen, in words, and what it came to: `found` is of the images the share is of."""
        said = RULES[self.kind].format(share=percent(self.value))
        if self.kind == "contamination":
            return f"{said} (it flags {found.flagged:,} of {found.of:,})"
        if few := self.too_few(found.of):
            said += f", but {few}"
        return (
            f"{said}: {found.flagged:,} of {found.of:,} held-out normal images score higher; of new ones "
            f"{true_share(found).text()} do (95 % range)"
        )


def percent(share: float) -> str:
    """0.0526 as "5.26 %"."""
    return f"{100 * share:.3g} %"


def least_share(images: int) -> float:
    """The smallest share of false alarms that so many held-out normal images can promise."""
    return 1 / (images + 1)


def images_for(share: float) -> int:
    """How many held-out normal images can promise that share of false alarms, which is above 0."""
    return math.ceil(1 / share - 1e-9) - 1


# --- numbers ----------------------------------------------------------------------------------------------------------


def from_contamination(scores: ArrayLike, share: float) -> float:
    """A finite threshold that flags floor(share · n) of these n scores.

    It lies halfway between the last flagged score and the next. Equal scores are never parted: where they stand on both
    sides of that place none of them is flagged, so fewer than `share` are. A score of +inf is above every threshold.
    Raises ScoreError for a share outside 0 to 1, no scores, or NaN.
    """
    ordered = np.sort(checked(scores))[::-1]
    _check_share(share)
    number = math.floor(share * len(ordered) + 1e-9)  # 0.29 · 100 is a little less than 29
    if number == len(ordered):
        return float(np.clip(np.nextafter(ordered[-1], -np.inf), -LARGEST, LARGEST))
    below = float(np.clip(ordered[number], -LARGEST, LARGEST))
    if number == 0:
        return below
    last = float(ordered[number - 1])
    middle = below / 2 + last / 2
    return middle if below < middle < last < math.inf else below


def from_false_alarms(held_out: ArrayLike, share: float) -> float:
    """The threshold that a new normal image is above with a chance of at most `share`: split conformal prediction.

    It is the ⌈(1 - share)(n + 1)⌉-th lowest of the n held-out scores (Vovk, Gammerman & Shafer 2005; Lei et al. 2018).
    The share of held-out images above it promises less: of 18, none above means 1 in 19 on average. Where n is too
    small for the share, it is the highest score, see `least_share`. Raises ScoreError as `from_contamination`.
    """
    ordered = np.sort(checked(held_out))
    _check_share(share)
    rank = math.ceil((1 - share) * (len(ordered) + 1) - 1e-9)
    if rank < 1:
        return float(np.clip(np.nextafter(ordered[0], -np.inf), -LARGEST, LARGEST))
    return float(np.clip(ordered[min(rank, len(ordered)) - 1], -LARGEST, LARGEST))


def higher_than(scores: ArrayLike, held_out: ArrayLike) -> NDArray[np.int64]:
    """How many of the held-out scores (m,) each score is higher than, (n,); NaN is higher than all."""
    numbers = np.asarray(scores, np.float64)
    numbers = np.where(np.isnan(numbers), np.inf, numbers)
    return np.searchsorted(np.sort(np.asarray(held_out, np.float64)), numbers, side="left").astype(np.int64)


def flagged(scores: ArrayLike, threshold: float) -> Bools:
    """scores > threshold. A score that is NaN is flagged: what can't be scored must not pass for normal."""
    return ~(np.asarray(scores, np.float64) <= threshold)


def checked(scores: ArrayLike) -> Float64s:
    """The scores (n,). Raises ScoreError for none, and for NaN."""
    array = np.asarray(scores, np.float64)
    if array.ndim != 1 or not len(array):
        raise ScoreError(f"The scores have shape {array.shape}, expected one number for each of one or more images.")
    if bad := int(np.isnan(array).sum()):
        raise ScoreError(f"{bad:,} of {len(array):,} scores are not a number.", "Choose another score.")
    return array


def _check_share(share: float) -> None:
    if not 0 <= share <= 1:  # NaN too
        raise ScoreError(f"The share is {share:g}, expected a number from 0 to 1.", "0.05 flags 5 % of the images.")
