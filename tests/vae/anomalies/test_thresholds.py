"""How a threshold is chosen, and what is said of it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from benchmarks.anomaly import coverage
from tests.vae.anomalies.made import seen
from tests.vae.helpers import new_checkpoint
from vae.anomalies import detectors, thresholds
from vae.anomalies.thresholds import Rule, flagged, from_contamination
from vae.checkpoints import checkpoint_files, checkpoint_writing
from vae.checkpoints.checkpoint import Checkpoint
from vae.errors import ScoreError
from vae.storage import paths


@pytest.fixture()
def checkpoint() -> Checkpoint:
    checkpoint_writing.write(new_checkpoint(), paths.checkpoints_dir() / "a")
    return checkpoint_files.read("a")


@pytest.mark.parametrize(
    ("kind", "value", "what"),
    [
        ("threshold", float("nan"), "finite"),
        ("threshold", float("inf"), "finite"),
        ("false_alarms", 1.5, "expected 0 to 1"),
        ("contamination", -0.1, "expected 0 to 1"),
        ("contamination", float("nan"), "finite"),
        ("luck", 0.1, "Known ones: threshold"),
    ],
)
def test_rules_that_make_no_sense_are_refused(kind: str, value: float, what: str) -> None:
    with pytest.raises(ScoreError, match=what):
        Rule(kind, value)


@pytest.mark.parametrize("number", [1, 18, 21, 359, 2_000])
@pytest.mark.parametrize("decimals", [9, 1])  # with and without ties
def test_the_words_count_what_the_threshold_flags(checkpoint: Checkpoint, number: int, decimals: int) -> None:
    errors = np.random.default_rng(number).normal(size=number).round(decimals).astype(np.float32)
    held_out = seen(number, squared_error=errors)
    for share in (0.0, 0.004, 0.01, 0.05, 0.0505, 0.3, 0.77, 1.0):
        rule = Rule("false_alarms", share)
        detector = detectors.fit(checkpoint, None, "squared_error", seen(seed=1), held_out, "all", rule)
        flagged = int(detectors.decide(detector, held_out, None).flagged.sum())
        assert f": {flagged:,} of {number:,} held-out normal images score higher" in detector.chosen
        assert ("at best" in detector.chosen) == (0 < share < 1 / (number + 1))
        assert detectors.with_rule(detector, rule).chosen == detector.chosen
        assert flagged <= share * (number + 1)


def test_what_few_images_cannot_promise_is_said(checkpoint: Checkpoint) -> None:
    detector = detectors.fit(checkpoint, None, "squared_error", seen(), seen(18), "all", Rule("false_alarms", 0.05))
    assert detector.chosen == (
        "set for 5 % false alarms, but 18 held-out normal images can promise 5.26 % at best, and 5 % needs 19: "
        "0 of 18 held-out normal images score higher; of new ones 0 to 18.5 % do (95 % range)"
    )
    assert detector.threshold == detector.calibration[-1]
    rate = detectors.with_rule(detector, Rule("contamination", 0.1), [*range(359), np.nan])
    assert rate.chosen == "set to flag 10 % of the images that were scored (it flags 36 of 360)"
    assert detectors.with_rule(detector, Rule("threshold", 1.5)).chosen.startswith("set by hand: ")


@pytest.mark.parametrize(
    ("number", "share", "rank"),
    [(19, 0.05, 19), (20, 0.05, 20), (39, 0.05, 38), (18, 0.05, 18), (99, 0.01, 99), (9, 0.5, 5)],
)
def test_the_threshold_is_the_score_of_the_conformal_rank(number: int, share: float, rank: int) -> None:
    scores = np.random.default_rng(0).permutation(number) + 1.0
    assert thresholds.from_false_alarms(scores, share) == rank


@pytest.mark.parametrize(("share", "number"), [(0.05, 18), (0.05, 50), (0.05, 180), (0.01, 180), (0.2, 6)])
def test_new_normal_images_are_flagged_as_often_as_was_promised(share: float, number: int) -> None:
    """The share of held-out images above the line promised less: asked 5 %, 18 images gave 9.8 %."""
    kept = coverage.false_alarms(share, number, 4_000)
    error = 4 * kept.deviation / math.sqrt(4_000)
    assert kept.mean <= max(share, thresholds.least_share(number)) + error
    assert kept.mean >= max(share, thresholds.least_share(number)) - thresholds.least_share(number) - error
    assert kept.held >= 0.94


def test_the_range_of_the_true_share_is_clopper_and_pearsons() -> None:
    for flagged_count, of in ((0, 18), (3, 18), (18, 18), (100, 2_000)):
        expected = stats.binomtest(flagged_count, of).proportion_ci(0.95, "exact")
        found = thresholds.true_share(thresholds.Count(flagged_count, of))
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_a_score_is_higher_than_so_many() -> None:
    found = thresholds.higher_than([0, 1, 1.5, 3, np.nan, np.inf], [1, 3, 2, 1])
    assert found.tolist() == [0, 0, 2, 3, 4, 4]


@pytest.mark.parametrize("share", [0, 0.01, 0.05, 0.1, 0.29, 1 / 3, 0.5, 0.999, 1])
@pytest.mark.parametrize("count", [1, 7, 100, 1_000])
def test_a_contamination_rate_flags_that_share(share: float, count: int) -> None:
    scores = np.random.default_rng(count).normal(size=count).astype(np.float32)
    expected = math.floor(round(share * count, 6))
    assert flagged(scores, from_contamination(scores, share)).sum() == expected


def test_equal_scores_are_never_parted() -> None:
    scores = np.array([1.0, 1, 1, 1, 2, 3, 3, 3, 3, 9])
    assert flagged(scores, from_contamination(scores, 0.1)).sum() == 1
    assert flagged(scores, from_contamination(scores, 0.3)).sum() == 1  # the four 3s would be more than 3
    assert flagged(scores, from_contamination(scores, 0.5)).sum() == 5
    assert not flagged(np.ones(50), from_contamination(np.ones(50), 0.5)).any()


def test_neighbouring_numbers_are_told_apart() -> None:
    lower = np.array([1.0])
    scores = np.concatenate([lower, np.nextafter(lower, 2)])
    assert flagged(scores, from_contamination(scores, 0.5)).tolist() == [False, True]


def test_what_is_no_number_is_flagged() -> None:
    assert flagged([np.nan, 1, 3], 2).tolist() == [True, False, True]


@pytest.mark.parametrize("share", [-0.1, 1.1, math.nan, math.inf])
def test_a_share_is_between_0_and_1(share: float) -> None:
    with pytest.raises(ScoreError, match="expected a number from 0 to 1"):
        from_contamination([1.0, 2.0], share)
