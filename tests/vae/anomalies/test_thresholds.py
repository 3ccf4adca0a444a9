"""How a threshold is chosen, and what is said of it."""

from __future__ import annotations

import math

import numpy as np
import pytest

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


@pytest.mark.parametrize("count", [2, 21, 44, 359, 501])
@pytest.mark.parametrize("decimals", [9, 1])  # with and without ties
def test_the_words_count_what_the_threshold_flags(checkpoint: Checkpoint, count: int, decimals: int) -> None:
    """Of the images themselves, though a kept detector has only quantiles of their scores."""
    errors = np.random.default_rng(count).normal(size=count).round(decimals).astype(np.float32)
    held_out = seen(count, squared_error=errors)
    for share in (0.0, 0.004, 0.01, 0.05, 0.0505, 0.3, 0.77, 1.0):
        rule = Rule("false_alarms", share)
        detector = detectors.fit(checkpoint, None, "squared_error", seen(seed=1), held_out, "all", rule)
        flagged = int(detectors.decide(detector, held_out, None).flagged.sum())
        assert f"(it flags {flagged} of {count}" in detector.chosen
        assert ("too few to set it as low" in detector.chosen) == (flagged > 0 and share < 1 / count)
        assert detectors.with_rule(detector, rule).chosen == detector.chosen


def test_a_count_that_is_said_to_be_exact_is() -> None:
    """The threshold may be a score itself, or lie a rounding error beside it."""
    rng, inexact = np.random.default_rng(0), 0
    for case in range(3_000):
        size = int(rng.integers(2, 502 if case % 5 else 40))
        whole, spread = rng.integers(-2, 5, size), 10.0 ** rng.uniform(-12, 12)
        kinds = (whole, whole / 10, spread * rng.normal(size=size), whole * 10.0 ** rng.uniform(-14, 14, size))
        scores = kinds[case % 4].astype(np.float32)
        calibration = thresholds.quantiles(scores, 1_001)
        share = rng.choice([rng.uniform(), round(rng.uniform(), 1), rng.integers(size + 1) / size])
        threshold = thresholds.from_false_alarms(calibration, share)
        for limit in (threshold, float(scores[0]), float(rng.choice(calibration))):
            found = thresholds.count(calibration, size, limit)
            if found.exact:
                assert found.flagged == thresholds.flagged(scores, limit).sum(), (case, limit)
        inexact += case % 4 < 3 and not found.exact
    calibration = thresholds.quantiles([0] * 8 + [1] + [2] * 4 + [3] * 7 + [4], 1_001)
    assert thresholds.count(calibration, 21, thresholds.from_false_alarms(calibration, 0.7)) == thresholds.Count(13, 21)
    assert inexact == 0  # only scores of many magnitudes at once can leave doubt


def test_too_few_images_for_a_low_share_are_said(checkpoint: Checkpoint) -> None:
    detector = detectors.fit(checkpoint, None, "squared_error", seen(), seen(21), "all", Rule("false_alarms", 0.01))
    words = "set to flag 1 % of held-out normal images (it flags 1 of 21, too few to set it as low)"
    assert detector.chosen == words
    rate = detectors.with_rule(detector, Rule("contamination", 0.1), [*range(359), np.nan])
    assert rate.chosen == "set to flag 10 % of the images that were scored (it flags 36 of 360)"
    assert detectors.with_rule(detector, Rule("threshold", 1.5)).chosen.startswith("set by hand (it flags ")


def test_the_count_among_many_images_is_said_to_be_rough(checkpoint: Checkpoint) -> None:
    held_out, rule = seen(2_000), Rule("false_alarms", 0.05)
    detector = detectors.fit(checkpoint, None, "squared_error", seen(), held_out, "all", rule)
    assert "(it flags about 100 of 2,000)" in detector.chosen
    assert abs(detectors.decide(detector, held_out, None).flagged.sum() - 100) <= 2


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


def test_false_alarms_on_new_normal_images_are_near_the_budget() -> None:
    rng = np.random.default_rng(0)
    threshold = thresholds.from_false_alarms(rng.normal(size=5_000), 0.05)
    assert flagged(rng.normal(size=5_000), threshold).mean() == pytest.approx(0.05, abs=0.015)


def test_what_is_no_number_is_flagged() -> None:
    assert flagged([np.nan, 1, 3], 2).tolist() == [True, False, True]


@pytest.mark.parametrize("share", [-0.1, 1.1, math.nan, math.inf])
def test_a_share_is_between_0_and_1(share: float) -> None:
    with pytest.raises(ScoreError, match="expected a number from 0 to 1"):
        from_contamination([1.0, 2.0], share)
