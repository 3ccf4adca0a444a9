"""Intervals of detection measures: against scikit-learn on repeated images, theory, and how often they hold."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
import sklearn.metrics

from vae.anomalies.evaluation import intervals
from vae.anomalies.evaluation.metrics import auroc, evaluate, fpr_at_recall


def planted(count: int = 300, decimals: int = 8, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Scores of which outliers have higher ones; few decimals make many ties."""
    rng = np.random.default_rng(seed)
    outlier = rng.random(count) < 0.3
    return (rng.normal(size=count) + 1.2 * outlier).round(decimals).astype(np.float32), outlier


@pytest.mark.parametrize("decimals", [8, 0])
def test_resampling_counts_as_scikit_learn_does_on_repeated_images(decimals: int) -> None:
    scores, outlier = planted(60, decimals)
    ranks = np.unique(scores, return_inverse=True)[1]
    order = np.argsort(-ranks, kind="stable")
    drawn = intervals.resampled(ranks, outlier, 0.95, 3, seed=4)
    generator, truth = np.random.default_rng(4), outlier[order]
    weights = np.zeros((3, 60))
    weights[:, truth] = intervals._drawn(generator, 3, truth.sum())
    weights[:, ~truth] = intervals._drawn(generator, 3, (~truth).sum())
    assert (weights[:, truth].sum(1) == truth.sum()).all()
    for values, weight in zip(drawn.T, weights.astype(int), strict=True):
        many, their = np.repeat(truth, weight), np.repeat(scores[order], weight)
        assert values[0] == pytest.approx(sklearn.metrics.roc_auc_score(many, their))
        assert values[1] == pytest.approx(sklearn.metrics.average_precision_score(many, their))
        assert values[2] == pytest.approx(fpr_at_recall(their, many))


def test_chunks_change_no_interval_and_the_seed_does(monkeypatch: pytest.MonkeyPatch) -> None:
    scores, outlier = planted(100)
    found = evaluate(scores, outlier, resamples=50, seed=1)
    assert found.auroc.low < found.auroc.value < found.auroc.high
    assert evaluate(scores, outlier, resamples=50, seed=1) == found
    assert evaluate(scores, outlier, resamples=50, seed=2).auprc.low != found.auprc.low
    monkeypatch.setattr(intervals, "CHUNK", 700)
    chunked = evaluate(scores, outlier, resamples=50, seed=1)
    assert (chunked.outliers, chunked.normals) == (outlier.sum(), (~outlier).sum())
    assert chunked.auprc.low == pytest.approx(found.auprc.low, abs=0.05)
    assert chunked.auroc == found.auroc


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
