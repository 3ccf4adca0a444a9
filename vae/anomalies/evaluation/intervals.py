"""95 % intervals of detection measures. numpy; scipy inside functions.

A bootstrap holds too little for few images, and has no width where the score is perfect: at an AUROC of 0.95 its
interval held the true value in 78 % of samples of 12 against 12, AUPRC's in 42 to 92 %. How often those here do is
measured by `python -m benchmarks.anomaly.coverage`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from vae.anomalies.thresholds import beta_quantile

Z = 1.959963984540054  # 95 % of a normal distribution lie within so many standard deviations
HALVINGS = 60
METHOD = "Newcombe 2006, with the variance of DeLong et al. 1988 where that is larger"
ERROR = 0.05  # how often an interval may be wrong


def auroc_bounds(ranks: NDArray[np.int64], truth: NDArray[np.bool_], value: float) -> tuple[float, float]:
    """Every AUROC that `value` is within Z standard errors of: the lowest and the highest.

    Newcombe 2006, "Confidence intervals for an effect size measure based on the Mann-Whitney statistic. Part 2", method
    5: the standard error is that of the AUROC in question, not of the measured one, so it isn't 0 beside 1. Its
    variance is that of exponential scores (Hanley & McNeil 1982). Where scores of one kind spread more than that, what
    DeLong, DeLong & Clarke-Pearson 1988 estimate from them is larger, and scales it. It counts only then: for few
    images, and close to 1, it is often far too small.

    `ranks` (n,) are integers, equal for equal scores; `truth` (n,) holds both kinds.
    """
    outliers, normals = ranks[truth], ranks[~truth]
    counts = len(outliers), len(normals)
    exponential = _variance(value, *counts)
    share = max(1.0, _delong(outliers, normals) / exponential) if exponential > 0 else 1.0

    def edge(inside: float, outside: float) -> float:
        for _ in range(HALVINGS):
            middle = (inside + outside) / 2
            if (middle - value) ** 2 <= Z**2 * share * _variance(middle, *counts):
                inside = middle
            else:
                outside = middle
        return inside

    return edge(value, 0.0), edge(value, 1.0)


def _variance(area: float, outliers: int, normals: int) -> float:
    """Of an AUROC of so many exponential scores each, both kinds as if there were their mean of both."""
    both = (outliers + normals) / 2 - 1
    spread = 1 + both * ((1 - area) / (2 - area) + area / (1 + area))
    return area * (1 - area) * spread / (outliers * normals)


def _delong(outliers: NDArray[np.int64], normals: NDArray[np.int64]) -> float:
    """The variance of their AUROC, from how each outlier places among the normal images and each of them among it."""
    variance = 0.0
    for some, others in ((outliers, normals), (normals, outliers)):
        ordered = np.sort(others)
        below = np.searchsorted(ordered, some, "left") + np.searchsorted(ordered, some, "right")
        if len(some) > 1:
            variance += float(np.var(below / (2 * len(others)), ddof=1)) / len(some)
    return variance


def auprc_bounds(value: float, outliers: int) -> tuple[float, float]:
    """Bounds of an average precision of so many outliers, as if it were the share of them that is found.

    Boyd, Eng & Page 2013, "Area under the precision-recall curve: point estimates and confidence intervals": intervals
    of a share of the outliers hold the true area where a bootstrap's are too narrow. Here by Clopper & Pearson 1934,
    whose interval has a width at 1, too.
    """
    return _share_bounds(value * outliers, outliers, ERROR / 2)


def fpr_bounds(ranks: NDArray[np.int64], truth: NDArray[np.bool_], recall: float) -> tuple[float, float]:
    """Bounds of the false-alarm rate at `recall`, whatever the scores' distributions are.

    The score that `recall` of all outliers are above lies between two of those seen (order statistics: binomial), and
    the rate of normal images above each is a binomial share (Clopper & Pearson 1934). Each of the four may be wrong
    with a quarter of 5 %. Few outliers have none that is low enough: then nothing bounds the rate from above.
    """
    from scipy.stats import binom

    outliers, normals = np.sort(ranks[truth]), ranks[~truth]
    tail, count = ERROR / 4, len(outliers)
    below = binom.cdf(np.arange(count), count, 1 - recall)  # P(at most so many lie below the true score)
    low = int((below <= tail).sum())  # so many may be passed over from below
    high = int((1 - np.append(0.0, below) > tail).sum())  # P(at least so many lie below it)
    above_low = int((normals >= outliers[low - 1]).sum()) if low else len(normals)
    above_high = int((normals >= outliers[high - 1]).sum()) if high <= count and high else 0
    lowest = _share_bounds(above_high, len(normals), tail)[0] if high <= count else 0.0
    return lowest, _share_bounds(above_low, len(normals), tail)[1]


def outliers_for_fpr(recall: float) -> int:
    """How many outliers it takes to bound the false-alarm rate at `recall` from above."""
    return math.ceil(math.log(ERROR / 4) / math.log(recall))


def _share_bounds(found: float, of: int, tail: float) -> tuple[float, float]:
    """Clopper & Pearson's bounds of a share, of which each is wrong with a probability of at most `tail`."""
    low = beta_quantile(found, of - found + 1, tail) if found > 0 else 0.0
    return low, beta_quantile(found + 1, of - found, 1 - tail) if found < of else 1.0
