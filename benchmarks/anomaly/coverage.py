"""How often thresholds and intervals keep what they promise: scores are drawn from known distributions, many times.

    python -m benchmarks.anomaly.coverage --json coverage.json

Of thresholds: the mean share of new normal images that are flagged, where at most so much was asked, and how often the
range that is told holds the true share. Of AUROC's, AUPRC's and FPR95's intervals: how often they hold the true value.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks import report
from vae.anomalies import thresholds
from vae.anomalies.evaluation import metrics

Reals = NDArray[np.float64]
SHARES = (0.01, 0.05, 0.2)
HELD_OUT = (1, 6, 18, 50, 180, 2_000)
SIZES = ((12, 12), (12, 100), (50, 50), (100, 20), (20, 500), (200, 2_000))  # outliers, normal images
GRID = 100_000  # points of the integrals that true values are


@dataclass(frozen=True)
class Family:
    """Scores of outliers by their quantiles, and of normal images by theirs and by the share above a score."""

    outlier_quantile: Callable[[Reals], Reals]
    normal_quantile: Callable[[Reals], Reals]
    normal_above: Callable[[Reals], Reals]


def families() -> dict[str, Family]:
    """Kinds of scores: outliers a little or far above, spread more, with long tails, and some like normal ones."""
    from scipy.stats import norm

    def shifted(by: float, spread: float = 1.0) -> Family:
        return Family(lambda u: spread * norm.ppf(u) + by, norm.ppf, norm.sf)

    def hidden(u: Reals) -> Reals:
        """A third of the outliers score like normal images."""
        grid = np.linspace(-6, 12, 20_001)
        return np.interp(u, (norm.cdf(grid) + 2 * norm.cdf(grid - 5)) / 3, grid)

    def exponential(u: Reals) -> Reals:
        return -np.log1p(-u)

    return {
        "weak": shifted(0.5),
        "medium": shifted(1.5),
        "strong": shifted(3.5),
        "spread": shifted(2.0, 3.0),
        "hidden": Family(hidden, norm.ppf, norm.sf),
        "long": Family(lambda u: 10 * exponential(u), exponential, lambda s: np.exp(-np.maximum(s, 0))),
    }


@dataclass(frozen=True)
class Kept:
    """Of one share and number of held-out images: the mean true share, and how often the range holds the true one."""

    mean: float
    deviation: float  # of the true share, from sample to sample
    held: float


def false_alarms(share: float, held_out: int, samples: int, seed: int = 0) -> Kept:
    """Thresholds of uniform scores: with these the true share is what is left above the threshold."""
    rng, true, held = np.random.default_rng(seed), [], 0
    for _ in range(samples):
        scores = rng.random(held_out)
        threshold = thresholds.from_false_alarms(scores, share)
        true.append(1 - threshold)
        said = thresholds.true_share(thresholds.count(scores, threshold))
        held += said.low <= true[-1] <= said.high
    return Kept(float(np.mean(true)), float(np.std(true)), held / samples)


@dataclass(frozen=True)
class Held:
    """How often each measure's interval holds the true value."""

    auroc: float
    auprc: float
    fpr95: float


def intervals(family: Family, outliers: int, normals: int, samples: int, seed: int = 0) -> Held:
    """Of samples with so many images of each kind."""
    rng, truth = np.random.default_rng(seed), np.arange(outliers + normals) < outliers
    true, held = _true(family, outliers / (outliers + normals)), np.zeros(3)
    for _ in range(samples):
        drawn = (family.outlier_quantile(rng.random(outliers)), family.normal_quantile(rng.random(normals)))
        found = metrics.evaluate(np.concatenate(drawn), truth)
        held += [i.low <= t <= i.high for i, t in zip((found.auroc, found.auprc, found.fpr95), true, strict=True)]
    return Held(*(held / samples))


def _true(family: Family, share: float) -> tuple[float, float, float]:
    """AUROC, AUPRC where `share` of the images are outliers, and the false-alarm rate at 95 % recall."""
    u = (np.arange(GRID) + 0.5) / GRID
    above, recall = family.normal_above(family.outlier_quantile(u)), 1 - u
    precision = share * recall / (share * recall + (1 - share) * above)
    at = family.normal_above(family.outlier_quantile(np.array([1 - metrics.RECALL])))
    return float(1 - above.mean()), float(precision.mean()), float(at[0])


def main() -> int:
    """Measure all, and print."""
    parser = report.parser(__doc__ or "")
    parser.add_argument("--samples", type=int, default=1_000, help="of each kind and size (default: 1000)")
    arguments = parser.parse_args()
    values: report.Values = dict(report.machine())
    for share in SHARES:
        for held_out in HELD_OUT:
            kept = false_alarms(share, held_out, 4 * arguments.samples)
            values[f"asked_{share:g}_of_{held_out}_mean"] = round(kept.mean, 4)
            values[f"asked_{share:g}_of_{held_out}_range_holds"] = round(kept.held, 3)
    for name, family in families().items():
        for outliers, normals in SIZES:
            held = intervals(family, outliers, normals, arguments.samples)
            for measure in ("auroc", "auprc", "fpr95"):
                values[f"{measure}_{name}_{outliers}_{normals}_holds"] = round(getattr(held, measure), 3)
    for measure in ("auroc", "auprc", "fpr95"):
        found = [value for key, value in values.items() if key.startswith(f"{measure}_") and isinstance(value, float)]
        values[f"{measure}_holds_least"] = min(found)
    report.show(values, arguments.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
