"""Intervals of detection measures: against theory and scipy, and how often they hold."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from scipy import stats

from benchmarks.anomaly import coverage
from vae.anomalies.evaluation import intervals
from vae.anomalies.evaluation.metrics import auroc, evaluate


def planted(count: int = 300, decimals: int = 8, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Scores of which outliers have higher ones; few decimals make many ties."""
    rng = np.random.default_rng(seed)
    outlier = rng.random(count) < 0.3
    return (rng.normal(size=count) + 1.2 * outlier).round(decimals).astype(np.float32), outlier


@pytest.mark.parametrize("name", ["weak", "strong", "hidden"])
@pytest.mark.parametrize(("outliers", "normals"), [(12, 12), (100, 100)])
def test_intervals_hold_the_true_value_as_often_as_they_say(name: str, outliers: int, normals: int) -> None:
    """A bootstrap's of AUPRC held it in 42 to 92 % of samples of 12 against 12."""
    held = coverage.intervals(coverage.families()[name], outliers, normals, samples=80)
    assert held.auprc >= 0.88  # 94 % less three deviations
    assert held.fpr95 >= 0.95


def test_the_false_alarm_rate_is_bounded_by_order_statistics() -> None:
    """Of 200 outliers 4 may be passed over from below and 18 from above, each with a chance of 1.25 %."""
    ranks = np.concatenate([np.arange(200) * 2, np.arange(200) * 2 + 1])
    truth = np.arange(400) < 200
    low, high = intervals.fpr_bounds(ranks, truth, 0.95)
    below = stats.binom(200, 0.05)
    first = max(k for k in range(200) if below.cdf(k - 1) <= 0.0125)
    last = min(k for k in range(200) if below.sf(k - 1) <= 0.0125)
    assert low == pytest.approx(stats.beta.ppf(0.0125, 201 - last, last))
    assert high == pytest.approx(stats.beta.ppf(1 - 0.0125, 202 - first, first - 1))


def test_few_outliers_bound_no_false_alarm_rate_from_above() -> None:
    for outliers in (1, 30, 85, 86):
        truth = np.arange(outliers + 50) >= 50
        assert (intervals.fpr_bounds(np.arange(len(truth)), truth, 0.95)[1] == 1) == (outliers < 86)
    assert intervals.outliers_for_fpr(0.95) == 86


def test_the_area_under_precision_and_recall_is_bounded_as_a_share_of_the_outliers() -> None:
    expected = stats.binomtest(9, 12).proportion_ci(0.95, "exact")
    assert intervals.auprc_bounds(0.75, 12) == pytest.approx((expected.low, expected.high))
    assert intervals.auprc_bounds(1.0, 12) == pytest.approx((0.025 ** (1 / 12), 1))


def test_the_interval_is_as_wide_as_theory_says() -> None:
    """Hanley & McNeil 1982: the standard error of an AUROC from counts."""
    scores, outlier = planted(2_000)
    found = evaluate(scores, outlier).auroc
    a, n, m = found.value, outlier.sum(), (~outlier).sum()
    q1, q2 = a / (2 - a), 2 * a * a / (1 + a)
    error = math.sqrt((a * (1 - a) + (n - 1) * (q1 - a * a) + (m - 1) * (q2 - a * a)) / (n * m))
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.2)


@pytest.mark.parametrize("area", [0.7, 0.95, 0.99])
@pytest.mark.parametrize(("outliers", "normals"), [(12, 12), (20, 100), (5, 50), (200, 200)])
def test_the_interval_of_an_auroc_holds_the_true_one(area: float, outliers: int, normals: int) -> None:
    """In nineteen of twenty samples, say; the bootstrap's in 78 % of 12 against 12 at 0.95."""
    rng, truth = np.random.default_rng(0), np.arange(outliers + normals) < outliers
    shift = NormalDist().inv_cdf(area) * math.sqrt(2)
    found, held, widths = [], 0, []
    for _ in range(300):
        ranks = np.argsort(np.argsort(rng.normal(size=len(truth)) + shift * truth))
        found.append((ranks[truth].sum() - outliers * (outliers - 1) / 2) / outliers / normals)  # Mann & Whitney
        low, high = intervals.auroc_bounds(ranks, truth, found[-1])
        held += low <= area <= high
        widths.append(high - low)
    assert held / 300 >= 0.93
    if outliers == 200:
        assert np.mean(widths) < 1.7 * 2 * 1.96 * np.std(found)


@pytest.mark.parametrize("wider", ["outliers", "normals"])
def test_scores_that_spread_more_have_a_wider_interval(wider: str) -> None:
    """Three times the deviation, which the counts alone don't tell: without DeLong's variance 83 % would hold it."""
    rng, held = np.random.default_rng(0), 0
    truth = np.arange(120) < (20 if wider == "outliers" else 100)
    spread = np.where(truth == (wider == "outliers"), 3, 1)
    shift = NormalDist().inv_cdf(0.85) * math.sqrt(10)
    for _ in range(300):
        ranks = np.argsort(np.argsort(spread * rng.normal(size=120) + shift * truth))
        low, high = intervals.auroc_bounds(ranks, truth, auroc(ranks, truth))
        held += low <= 0.85 <= high
    assert held / 300 >= 0.9


def test_the_interval_is_where_the_measured_area_is_just_likely() -> None:
    """Newcombe's method 5: at its ends the area lies 1.96 of their standard errors away."""
    ranks, truth = np.arange(40), np.arange(40) >= 25
    truth[[24, 25]] = True, False  # one pair in the wrong order: DeLong's variance is next to none
    area, both = auroc(ranks, truth), 20
    assert area == pytest.approx(1 - 1 / (15 * 25))
    for end in intervals.auroc_bounds(ranks, truth, area):
        spread = 1 + (both - 1) * ((1 - end) / (2 - end) + end / (1 + end))
        assert abs(end - area) == pytest.approx(1.959964 * math.sqrt(end * (1 - end) * spread / (15 * 25)), rel=1e-5)
