"""How well a score tells outliers from normal images. numpy; scikit-learn inside functions.

A score is one number per image, higher = more anomalous. `outlier` is True where an image is an outlier. A score may be
infinite (it ranks at that end) but not NaN.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vae.anomalies.evaluation import intervals
from vae.anomalies.thresholds import Bools, Float64s, checked, flagged
from vae.errors import ScoreError

RECALL = 0.95  # at which false alarms are counted
DECIMALS = 14  # of an area: a sum of shares that is 1 comes out 2e-16 beside it, and what is above 1 is no share
MAX_POINTS = 500  # of a curve


@dataclass(frozen=True)
class Interval:
    """A measured value and the bounds of its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Evaluation:
    """How well a score separates `outliers` from `normals` (counts of images), and how that was measured."""

    auroc: Interval
    auprc: Interval
    fpr95: Interval
    outliers: int
    normals: int
    protocol: str


@dataclass(frozen=True)
class Rates:
    """What one threshold does: counts of images."""

    caught: int  # outliers that are flagged
    missed: int
    false_alarms: int  # normal images that are flagged
    passed: int

    @property
    def recall(self) -> float:
        """Share of outliers that are flagged."""
        return self.caught / (self.caught + self.missed)

    @property
    def false_alarm_rate(self) -> float:
        """Share of normal images that are flagged."""
        return self.false_alarms / (self.false_alarms + self.passed)

    @property
    def precision(self) -> float:
        """Share of flagged images that are outliers; NaN where none is flagged."""
        flagged_count = self.caught + self.false_alarms
        return self.caught / flagged_count if flagged_count else math.nan


@dataclass(frozen=True, eq=False)
class Curve:
    """Points (P,) of a curve, at most MAX_POINTS; `threshold` is the lowest score that is flagged there."""

    x: Float64s
    y: Float64s
    threshold: Float64s


def auroc(scores: ArrayLike, outlier: ArrayLike) -> float:
    """Area under the ROC curve: the chance that an outlier scores above a normal image, ties counted half."""
    from sklearn.metrics import roc_auc_score

    _, ranks, truth = _checked(scores, outlier)
    return round(float(roc_auc_score(truth, ranks)), DECIMALS)


def auprc(scores: ArrayLike, outlier: ArrayLike) -> float:
    """Average precision, scikit-learn's area under the precision-recall curve; the share of outliers by chance."""
    from sklearn.metrics import average_precision_score

    _, ranks, truth = _checked(scores, outlier)
    return round(float(average_precision_score(truth, ranks)), DECIMALS)


def fpr_at_recall(scores: ArrayLike, outlier: ArrayLike, recall: float = RECALL) -> float:
    """Share of normal images flagged by the highest threshold that flags at least `recall` of the outliers."""
    from sklearn.metrics import roc_curve

    _, ranks, truth = _checked(scores, outlier)
    fpr, tpr, _ = roc_curve(truth, ranks, drop_intermediate=False)
    return float(fpr[tpr >= recall - 1e-12][0])


def evaluate(scores: ArrayLike, outlier: ArrayLike) -> Evaluation:
    """AUROC, AUPRC and FPR at 95 % recall with the 95 % intervals of intervals.py.

    Raises ScoreError for one class only, NaN, or arrays that don't fit each other.
    """
    _, ranks, truth = _checked(scores, outlier)
    outliers, normals = int(truth.sum()), int((~truth).sum())
    area, average = auroc(ranks, truth), auprc(ranks, truth)
    return Evaluation(
        Interval(area, *intervals.auroc_bounds(ranks, truth, area)),
        Interval(average, *intervals.auprc_bounds(average, outliers)),
        Interval(fpr_at_recall(ranks, truth), *intervals.fpr_bounds(ranks, truth, RECALL)),
        outliers,
        normals,
        _protocol(outliers, normals),
    )


def _protocol(outliers: int, normals: int) -> str:
    """How it was measured, and what its intervals can't say."""
    said = [
        f"{outliers:,} outliers against {normals:,} normal images",
        f"95 % intervals: of AUROC by {intervals.METHOD}; of AUPRC as of a share of the outliers (Boyd et al. 2013, "
        "Clopper & Pearson 1934); of FPR95 by order statistics and Clopper & Pearson",
    ]
    if outliers < (needed := intervals.outliers_for_fpr(RECALL)):
        said.append(f"fewer than {needed} outliers can't bound FPR95 from above")
    return "; ".join(said)


def rates(scores: ArrayLike, outlier: ArrayLike, threshold: float) -> Rates:
    """What `threshold` does to images whose truth is known. Raises ScoreError as `evaluate` does."""
    _, _, truth = _checked(scores, outlier)
    flag = flagged(scores, threshold)
    caught, false_alarms = int((flag & truth).sum()), int((flag & ~truth).sum())
    return Rates(caught, int(truth.sum()) - caught, false_alarms, int((~truth).sum()) - false_alarms)


def roc_points(scores: ArrayLike, outlier: ArrayLike) -> Curve:
    """False-alarm rate (x) and recall (y) from (0, 0) to (1, 1); straight lines between points."""
    from sklearn.metrics import roc_curve

    values, ranks, truth = _checked(scores, outlier)
    x, y, rank = roc_curve(truth, ranks)
    threshold = np.append(np.inf, values[rank[1:].astype(np.int64)])  # at (0, 0) nothing is flagged
    return _thinned(x, y, threshold)


def pr_points(scores: ArrayLike, outlier: ArrayLike) -> Curve:
    """Recall (x) and precision (y) from recall 0 to 1; steps between points, as average precision adds them up."""
    from sklearn.metrics import precision_recall_curve

    values, ranks, truth = _checked(scores, outlier)
    y, x, rank = precision_recall_curve(truth, ranks)  # falling recall; the last point is (0, 1), of no threshold
    threshold = np.append(values[rank.astype(np.int64)], np.inf)
    return _thinned(x[::-1], y[::-1], threshold[::-1])


def _thinned(x: Any, y: Any, threshold: Any) -> Curve:
    """At most MAX_POINTS, evenly along the curve, with both ends."""
    if len(x) <= MAX_POINTS:
        return Curve(np.array(x), np.array(y), np.array(threshold))
    length = np.append(0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y))))
    rows = np.unique(np.searchsorted(length, np.linspace(0, length[-1], MAX_POINTS)))
    rows[-1] = len(x) - 1
    return Curve(x[rows], y[rows], threshold[rows])


def _checked(scores: ArrayLike, outlier: ArrayLike) -> tuple[Float64s, NDArray[np.int64], Bools]:
    """The distinct scores rising, each image's place among them (n,), which scikit-learn takes where a score is
    infinite, and the truth (n,).
    """
    array, truth = checked(scores), np.asarray(outlier)
    if truth.dtype != np.bool_ or truth.shape != array.shape:
        raise ScoreError(
            f"The truth is {truth.dtype} of shape {truth.shape}, expected true or false for each of "
            f"{len(array):,} images."
        )
    if truth.all() or not truth.any():
        kind = "outliers" if truth.all() else "normal"
        raise ScoreError(
            f"All {len(truth):,} images are {kind}: ROC and precision-recall need both kinds.",
            "Choose some classes as normal, not all, and score images of other classes too.",
        )
    values, ranks = np.unique(array, return_inverse=True)
    return values, ranks.astype(np.int64), truth
