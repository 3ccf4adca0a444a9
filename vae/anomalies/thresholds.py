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
ROUNDING = 1e-12  # of the largest number: what computing quantiles may add to a score
RULES = {
    "threshold": "set by hand",
    "false_alarms": "set to flag {share} of held-out normal images",
    "contamination": "set to flag {share} of the images that were scored",
}


@dataclass(frozen=True)
class Count:
    """How many of `of` images a threshold flags; not `exact`: to about 0.1 % or one image."""

    flagged: int
    of: int
    exact: bool = True


def count(calibration: Float64s, held_out: int, threshold: float) -> Count:
    """How many of the `held_out` images, whose scores' evenly spaced quantiles (Q,) are `calibration`, are flagged.

    Between two neighbouring scores the quantiles lie on a straight line. Where two or more of them do, the line gives
    the scores themselves, and the count is exact if these have the very same quantiles; otherwise it is the share of
    quantiles above the threshold.
    """
    if 2 * (held_out - 1) > len(calibration) - 1:
        share = float(flagged(calibration, threshold).mean())
        return Count(round(share * held_out), held_out, exact=False)
    scores = _rebuilt(calibration, held_out)
    exact = np.array_equal(quantiles(scores, len(calibration)), calibration)
    return Count(int(flagged(scores, threshold).sum()), held_out, exact)


def quantiles(scores: ArrayLike, number: int) -> Float64s:
    """So many evenly spaced quantiles of the scores, from the lowest to the highest, bit for bit as in a detector."""
    return np.asarray(np.quantile(np.asarray(scores, np.float64), np.linspace(0, 1, number)))


def _rebuilt(calibration: Float64s, held_out: int) -> NDArray[np.float32]:
    """The scores, rising. They were float32: rounding to that undoes what computing the quantiles added or took, but
    for a score of 0, which has no digits to round to.
    """
    place = np.linspace(0, len(calibration) - 1, held_out)  # of each score among the quantiles
    below = np.floor(place + 1e-9).astype(np.int64)
    slope = calibration[below] - calibration[np.maximum(below - 1, 0)]
    scores = calibration[below] + slope * np.maximum(place - below, 0)
    scores[np.abs(scores) < ROUNDING * np.abs(calibration).max()] = 0
    return scores.astype(np.float32)


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

    def text(self, found: Count) -> str:
        """How the threshold was chosen, in words, and what it came to: `found` is of the images the share is of."""
        about = "" if found.exact else "about "
        flags = f"it flags {about}{found.flagged:,} of {found.of:,}"
        if self.kind == "threshold":
            return f"{RULES[self.kind]} ({flags} held-out normal images)"
        few = ", too few to set it as low" if found.flagged and self.value * found.of < 1 else ""
        return f"{RULES[self.kind].format(share=f'{100 * self.value:.4g} %')} ({flags}{few})"


# --- numbers ----------------------------------------------------------------------------------------------------------


def from_contamination(scores: ArrayLike, share: float) -> float:
    """A finite threshold that flags floor(share · n) of these n scores.

    It lies halfway between the last flagged score and the next. Equal scores are never parted: where they stand on both
    sides of that place none of them is flagged, so fewer than `share` are. A score of +inf is above every threshold.
    Raises ScoreError for a share outside 0 to 1, no scores, or NaN.
    """
    ordered = np.sort(checked(scores))[::-1]
    if not 0 <= share <= 1:  # NaN too
        raise ScoreError(f"The share is {share:g}, expected a number from 0 to 1.", "0.05 flags 5 % of the images.")
    count = math.floor(share * len(ordered) + 1e-9)  # 0.29 · 100 is a little less than 29
    if count == len(ordered):
        return float(np.clip(np.nextafter(ordered[-1], -np.inf), -LARGEST, LARGEST))
    below = float(np.clip(ordered[count], -LARGEST, LARGEST))
    if count == 0:
        return below
    last = float(ordered[count - 1])
    middle = below / 2 + last / 2
    return middle if below < middle < last < math.inf else below


def from_false_alarms(normal_scores: ArrayLike, share: float) -> float:
    """The threshold that flags `share` of held-out normal images, which is what it is expected to flag of new ones.

    As `from_contamination`: floor(share · n), fewer among ties.
    """
    return from_contamination(normal_scores, share)


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
