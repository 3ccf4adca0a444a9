"""AUROC and its relatives against scikit-learn, curves."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sklearn.metrics

from vae.anomalies.evaluation import comparison_files, metrics
from vae.anomalies.evaluation.metrics import auprc, auroc, evaluate, fpr_at_recall
from vae.anomalies.thresholds import flagged, from_contamination
from vae.errors import ScoreError


def planted(count: int = 300, decimals: int = 8, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Scores of which outliers have higher ones; few decimals make many ties."""
    rng = np.random.default_rng(seed)
    outlier = rng.random(count) < 0.3
    return (rng.normal(size=count) + 1.2 * outlier).round(decimals).astype(np.float32), outlier


@pytest.mark.parametrize("decimals", [8, 1, 0])
def test_areas_are_scikit_learns(decimals: int) -> None:
    scores, outlier = planted(decimals=decimals)
    assert auroc(scores, outlier) == pytest.approx(sklearn.metrics.roc_auc_score(outlier, scores), abs=1e-12)
    assert auprc(scores, outlier) == pytest.approx(sklearn.metrics.average_precision_score(outlier, scores), abs=1e-12)


@pytest.mark.parametrize("decimals", [8, 1, 0])
def test_false_alarms_at_recall_are_counted(decimals: int) -> None:
    scores, outlier = planted(decimals=decimals)
    best = max(t for t in np.unique(scores) if (scores[outlier] >= t).mean() >= 0.95)
    assert fpr_at_recall(scores, outlier) == pytest.approx((scores[~outlier] >= best).mean(), abs=1e-12)


def test_a_constant_score_tells_nothing() -> None:
    outlier = np.arange(20) < 5
    found = evaluate(np.ones(20), outlier)
    assert found.auroc.value == 0.5
    assert 0.1 < found.auroc.low < 0.4
    assert found.auroc.high == pytest.approx(1 - found.auroc.low)
    assert auprc(np.ones(20), outlier) == 0.25
    assert found.fpr95.value == 1.0
    assert metrics.roc_points(np.ones(20), outlier).x.tolist() == [0, 1]


def test_a_perfect_and_an_inverted_score() -> None:
    outlier = np.arange(20) < 5
    assert (auroc(outlier * 1.0, outlier), fpr_at_recall(outlier * 1.0, outlier)) == (1.0, 0.0)
    assert auroc(~outlier * 1.0, outlier) == 0.0


@pytest.mark.parametrize("count", [7, 9, 10, 40])
def test_rounding_makes_nothing_more_than_perfect(count: int) -> None:
    """Of 9 outliers above all normal images scikit-learn's average precision is 1 + 2e-16."""
    outlier = np.arange(2 * count) >= count
    found = evaluate(np.arange(2 * count), outlier)
    for interval in (found.auroc, found.auprc):
        assert interval.value == interval.high == 1
    assert found.auprc.low < 1


def test_infinite_scores_rank_at_their_end() -> None:
    scores, outlier = np.array([-np.inf, 1, 2, 3, np.inf]), np.array([False, False, True, False, True])
    assert auroc(scores, outlier) == pytest.approx(sklearn.metrics.roc_auc_score(outlier, [0, 1, 2, 3, 4]))
    assert np.isfinite(from_contamination(scores, 0.2))
    assert flagged(scores, from_contamination(scores, 0.2)).tolist() == [False] * 4 + [True]


# --- curves -----------------------------------------------------------------------------------------------------------


def test_curves_enclose_the_areas() -> None:
    scores, outlier = planted(decimals=1)
    roc = metrics.roc_points(scores, outlier)
    assert np.trapezoid(roc.y, roc.x) == pytest.approx(auroc(scores, outlier))
    pr = metrics.pr_points(scores, outlier)
    assert (np.diff(pr.x) * pr.y[1:]).sum() == pytest.approx(auprc(scores, outlier))
    for curve in (roc, pr):
        point = len(curve.x) // 2
        flag = scores >= curve.threshold[point]
        recall, false = (flag & outlier).sum() / outlier.sum(), (flag & ~outlier).sum() / (~outlier).sum()
        precision = (flag & outlier).sum() / flag.sum()
        expected = (false, recall) if curve is roc else (recall, precision)
        assert (curve.x[point], curve.y[point]) == pytest.approx(expected)


def test_long_curves_are_thinned_and_keep_their_shape() -> None:
    scores, outlier = planted(20_000)
    for curve, area in (
        (metrics.roc_points(scores, outlier), auroc(scores, outlier)),
        (metrics.pr_points(scores, outlier), auprc(scores, outlier)),
    ):
        assert 300 < len(curve.x) <= metrics.MAX_POINTS
        assert (curve.x[0], curve.x[-1]) == (0, 1)
        assert np.trapezoid(curve.y, curve.x) == pytest.approx(area, abs=0.002)


def test_rates_count() -> None:
    found = metrics.rates([5, 4, 3, 2, 1], np.array([True, False, True, False, False]), 2.5)
    assert (found.caught, found.missed, found.false_alarms, found.passed) == (2, 0, 1, 2)
    assert (found.recall, found.precision, found.false_alarm_rate) == (1, 2 / 3, 1 / 3)
    assert math.isnan(metrics.rates([1, 2], np.array([True, False]), 9).precision)


@pytest.mark.parametrize(("outliers", "normals"), [(50, 50), (2_000, 3_000), (12, 12), (300, 49), (1, 1)])
def test_what_the_intervals_cannot_say_is_said(outliers: int, normals: int) -> None:
    truth = np.repeat([True, False], [outliers, normals])
    scores = np.random.default_rng(0).normal(size=len(truth)) + truth
    found = evaluate(scores, truth)
    assert found.protocol.startswith(f"{outliers:,} outliers against {normals:,} normal images; 95 % intervals: of ")
    assert found.protocol.endswith("; fewer than 86 outliers can't bound FPR95 from above") == (outliers < 86)
    assert (found.fpr95.high == 1) == (outliers < 86)
    for interval in (found.auroc, found.auprc, found.fpr95):
        assert interval.low <= interval.value <= interval.high
        assert interval.low < interval.high


def test_a_perfect_score_is_no_certainty() -> None:
    truth = np.arange(24) >= 12
    found = evaluate(np.arange(24), truth)
    for interval in (found.auroc, found.auprc):
        assert (interval.value, interval.high) == (1, 1)
        assert 0.7 < interval.low < 0.9
    assert len(found.protocol) < comparison_files.MAX_PROTOCOL
    inverted = evaluate(-np.arange(24), truth).auroc
    assert (inverted.low, inverted.value) == (0, 0)
    assert inverted.high == pytest.approx(1 - found.auroc.low)


# --- what can't be judged ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [True, False])
def test_one_class_only_is_said(kind: bool) -> None:
    for measure in (auroc, auprc, fpr_at_recall, evaluate, metrics.roc_points, metrics.pr_points):
        with pytest.raises(ScoreError, match=r"All 4 images are (outliers|normal).*both kinds"):
            measure(np.arange(4.0), np.full(4, kind))


@pytest.mark.parametrize(
    ("scores", "outlier", "what"),
    [
        ([1.0, np.nan], [True, False], "1 of 2 scores are not a number"),
        ([], [], "expected one number"),
        ([[1.0, 2.0]], [True, False], "expected one number"),
        ([1.0, 2.0], [True], "expected true or false for each of 2"),
        ([1.0, 2.0], [1, 0], "int64"),
    ],
)
def test_bad_input_is_named(scores: list[float], outlier: list[bool], what: str) -> None:
    with pytest.raises(ScoreError, match=what):
        evaluate(scores, np.array(outlier))
