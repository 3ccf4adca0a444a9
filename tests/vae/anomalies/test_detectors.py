"""Detectors: fitted, calibrated, decided with, kept, and read back from files that may be anything."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from tests.vae.helpers import new_checkpoint
from vae.anomalies import detectors, normal_images, thresholds
from vae.anomalies.detectors import Detector, Rule
from vae.anomalies.evaluation import metrics
from vae.anomalies.forward_pass import Pass, passes
from vae.anomalies.methods import registry
from vae.checkpoints import checkpoint_files
from vae.checkpoints.checkpoint import Checkpoint
from vae.errors import ScoreError
from vae.model.vae import VAE
from vae.storage import paths


@pytest.fixture()
def checkpoint() -> Checkpoint:
    checkpoint_files.write(new_checkpoint(), paths.checkpoints_dir() / "a")
    return checkpoint_files.read("a")


def seen(count: int = 200, seed: int = 0, shift: float = 0.0, **changes: object) -> Pass:
    """A pass that no model made: `shift` moves its codes and its error."""
    rng = np.random.default_rng(seed)
    mu = (rng.normal(size=(count, 2)) + shift).astype(np.float32)
    flat = [(rng.uniform(1, 2, count) + abs(shift)).astype(np.float32) for _ in range(4)]
    pixels = rng.integers(0, 256, (count, 1, 8, 8), np.uint8)
    made = Pass(mu, np.ones_like(mu), *flat, elbo=flat[2] - flat[3], pixels=pixels)
    return dataclasses.replace(made, **changes)


def fitted(checkpoint: Checkpoint, score: str = "squared_error", **changes: object) -> Detector:
    made = detectors.fit(checkpoint, None, score, seen(seed=1), seen(seed=2), "all of it", name="first")
    return dataclasses.replace(made, **changes)


# --- fit and decide ---------------------------------------------------------------------------------------------------


def test_the_budget_of_false_alarms_is_kept_and_outliers_are_found(checkpoint: Checkpoint) -> None:
    held_out = seen(seed=2)
    rule = Rule("false_alarms", 0.1)
    detector = detectors.fit(checkpoint, None, "mahalanobis", seen(seed=1), held_out, "all", rule)
    decided = detectors.decide(detector, held_out, None)
    assert decided.flagged.sum() == 20
    assert detector.held_out == 200
    assert detector.chosen == "set to flag 10 % of held-out normal images (it flags 20 of 200)"
    far = detectors.decide(detector, seen(50, seed=3, shift=9), None)
    assert far.flagged.all()
    assert (far.percentiles == 100).all()
    assert np.array_equal(decided.flagged, decided.scores > detector.threshold)


def test_percentiles_are_ranks_among_held_out_images(checkpoint: Checkpoint) -> None:
    held_out = seen(500, seed=2)
    detector = detectors.fit(checkpoint, None, "squared_error", seen(), held_out, "all")
    scores = np.sort(held_out.squared_error)
    found = detectors.percentile(detector, scores)
    assert np.abs(found - np.linspace(0, 100, 500)).max() < 0.15
    assert detectors.percentile(detector, [-1e9, 1e9, np.nan]).tolist() == [0, 100, 100]
    constant = dataclasses.replace(detector, calibration=np.ones(1_001))
    assert detectors.percentile(constant, [0.5, 1, 2]).tolist() == [0, 50, 100]


def test_thresholds_can_be_changed_later(checkpoint: Checkpoint) -> None:
    detector = fitted(checkpoint)
    held_out = detectors.decide(detector, seen(seed=2), None).scores
    assert detectors.with_rule(detector, Rule("threshold", 1.5)).threshold == 1.5
    for share in (0.02, 0.25):
        budget = detectors.with_rule(detector, Rule("false_alarms", share))
        assert (held_out > budget.threshold).mean() == pytest.approx(share, abs=0.006)
        rate = detectors.with_rule(detector, Rule("contamination", share), held_out[:100])
        assert (held_out[:100] > rate.threshold).sum() == 100 * share
    with pytest.raises(ScoreError, match="of the images that are scored"):
        detectors.with_rule(detector, Rule("contamination", 0.1))
    with_nan = np.append(held_out[:99], np.nan)
    assert detectors.with_rule(detector, Rule("contamination", 0.01), with_nan).threshold >= held_out[:99].max()


@pytest.mark.parametrize("score", ["squared_error", "mahalanobis", "knn"])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.05, 0.3])
def test_few_held_out_images_give_one_threshold_whoever_asks(score: str, share: float, digits_vae: VAE) -> None:
    """The command fits with the rule, the page fits and sets the rule afterwards."""
    shipped = checkpoint_files.read("digits-mlp-8", paths.PROJECT / "checkpoints")
    choice = normal_images.chosen(shipped, ("0", "1"))
    known, held_out = (
        passes(digits_vae, of(shipped, choice).images) for of in (normal_images.reference, normal_images.held_out)
    )
    assert len(held_out) < 60
    rule = Rule("false_alarms", share)
    fitted_with, fitted_before = (
        detectors.fit(shipped, None, score, known, held_out, "0 and 1", r) for r in (rule, detectors.DEFAULT_RULE)
    )
    assert fitted_with.threshold == detectors.with_rule(fitted_before, rule).threshold
    assert fitted_with.threshold == detectors.with_rule(fitted_with, rule).threshold
    flagged = detectors.decide(fitted_with, held_out, None).flagged
    assert abs(flagged.sum() - share * len(held_out)) <= 1


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
        threshold = metrics.from_false_alarms(calibration, share)
        for limit in (threshold, float(scores[0]), float(rng.choice(calibration))):
            found = thresholds.count(calibration, size, limit)
            if found.exact:
                assert found.flagged == metrics.flagged(scores, limit).sum(), (case, limit)
        inexact += case % 4 < 3 and not found.exact
    calibration = thresholds.quantiles([0] * 8 + [1] + [2] * 4 + [3] * 7 + [4], 1_001)
    assert thresholds.count(calibration, 21, metrics.from_false_alarms(calibration, 0.7)) == thresholds.Count(13, 21)
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


def test_fitting_says_what_it_lacks(checkpoint: Checkpoint) -> None:
    with pytest.raises(ScoreError, match=r"Unknown score 'luck'.*knn"):
        detectors.fit(checkpoint, None, "luck", seen(), seen(), "all")
    with pytest.raises(ScoreError, match="1 held-out normal images, expected at least 2"):
        detectors.fit(checkpoint, None, "squared_error", seen(), seen(1), "all")
    broken = seen(squared_error=np.full(200, np.nan, np.float32))
    with pytest.raises(ScoreError, match="200 of 200 held-out normal images"):
        detectors.fit(checkpoint, None, "squared_error", seen(), broken, "all")
    with pytest.raises(ScoreError, match="Fit first"):
        detectors.fit(checkpoint, None, "squared_error", seen(), seen(), "all", Rule("contamination", 0.1))
    with pytest.raises(ScoreError, match="is no name"):
        detectors.fit(checkpoint, None, "squared_error", seen(), seen(), "all", name="a\nb")
    with pytest.raises(ScoreError, match="not a dash"):
        detectors.check_name("-x")


def test_images_seen_otherwise_are_refused(checkpoint: Checkpoint) -> None:
    with pytest.raises(ScoreError, match=r"binarized: True.*binarized: False"):
        detectors.decide(fitted(checkpoint), seen(binarized=True), None)


# --- kept -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [n for n in registry.SCORES if not registry.SCORES[n].needs_model])
def test_a_kept_detector_decides_as_it_did(checkpoint: Checkpoint, name: str) -> None:
    detector = fitted(checkpoint, name, classes=("0", "a,b"))
    path = detectors.keep(detector)
    assert path.parent == paths.derived_dir() / checkpoint.identity[:16] / "detectors"
    found = detectors.read(checkpoint, "first")
    assert found.kept.__dict__ == detector.kept.__dict__
    batch = seen(30, seed=5, shift=1)
    before, after = (detectors.decide(d, batch, None) for d in (detector, found))
    assert np.array_equal(before.scores, after.scores)
    assert np.array_equal(before.flagged, after.flagged)
    assert np.array_equal(before.percentiles, after.percentiles)


def test_a_list_of_what_is_kept_leaves_out_what_is_damaged(checkpoint: Checkpoint) -> None:
    assert detectors.kept(checkpoint) == []
    for name in ("second", "first", "damaged"):
        path = detectors.keep(fitted(checkpoint, name=name, threshold=2.0))
    path.write_bytes(path.read_bytes()[:20])
    detectors.keep(fitted(checkpoint, name="first", threshold=3.0))
    assert [(about.name, about.threshold) for about in detectors.kept(checkpoint)] == [("first", 3.0), ("second", 2.0)]
    for name in ("damaged", "first", "first"):
        detectors.delete(checkpoint, name)
    assert [about.name for about in detectors.kept(checkpoint)] == ["second"]
    with pytest.raises(ScoreError, match=r"no detector 'first'.*Kept ones: second"):
        detectors.read(checkpoint, "first")


def test_a_folder_that_cant_be_written_is_said(checkpoint: Checkpoint) -> None:
    folder = paths.derived_dir() / checkpoint.identity[:16]
    folder.mkdir(parents=True)
    (folder / "detectors").write_text("in the way")
    with pytest.raises(ScoreError, match="can't be written"):
        detectors.keep(fitted(checkpoint))


def test_what_could_not_be_read_is_not_kept(checkpoint: Checkpoint) -> None:
    with pytest.raises(ScoreError, match="its normal is"):
        detectors.keep(fitted(checkpoint, normal="x" * 1_001))
    with pytest.raises(ScoreError, match="not finite"):
        detectors.keep(fitted(checkpoint, state={"mean": np.array([np.inf])}))


def forged(path: Path, about: dict[str, object] | None = None, **arrays: np.ndarray) -> None:
    """Change a kept file's metadata and arrays."""
    with safetensors.safe_open(path, "numpy") as file:
        values = json.loads(file.metadata()["detector"]) | (about or {})
        tensors = {name: file.get_tensor(name) for name in file.keys()} | arrays  # noqa: SIM118 - no mapping
    path.write_bytes(safetensors.numpy.save(tensors, {"detector": json.dumps(values)}))


@pytest.mark.parametrize(
    ("about", "what"),
    [
        ({"version": 9}, "another format"),
        ({"identity": "0" * 64}, "was fitted to a, and this is a"),
        ({"identity": "../../etc"}, "64 hexadecimal digits"),
        ({"digest": "0" * 64}, "were changed"),
        ({"threshold": float("nan")}, "finite number"),
        ({"threshold": "high"}, "finite number"),
        ({"score": "luck"}, "Unknown score 'luck'"),
        ({"score": 3}, "its score is 3"),
        ({"name": "a\x1b[2J"}, "its name is"),
        ({"normal": "x" * 5_000}, "its normal is"),
        ({"held_out": True}, "held-out images"),
        ({"held_out": -1}, "held-out images"),
        ({"classes": "abc"}, "list of names"),
        ({"classes": [1]}, "a class is 1"),
        ({"binarized": 1}, "its pixels are"),
        ({"seed": -1}, "its pixels are"),
        ({"made": None}, "its made is None"),
    ],
)
def test_forged_words_are_refused(checkpoint: Checkpoint, about: dict[str, object], what: str) -> None:
    forged(detectors.keep(fitted(checkpoint)), about)
    with pytest.raises(ScoreError, match=what):
        detectors.read(checkpoint, "first")
    assert detectors.kept(checkpoint) == [] or "digest" in about  # which only its arrays can tell


@pytest.mark.parametrize(
    ("arrays", "what"),
    [
        ({"calibration": np.arange(3.0)}, "no calibration"),
        ({"calibration": np.arange(1_001.0)[::-1].copy()}, "doesn't rise"),
        ({"calibration": np.full(1_001, np.nan)}, "doesn't rise"),
        ({"calibration": np.arange(1_001.0)}, "were changed"),
        ({"state.center": np.array([np.nan])}, "not finite"),
        ({"state.more": np.ones(3)}, "were changed"),
        ({"other": np.ones(3)}, "no score's"),
        ({"state.half": np.ones(3, np.float16)}, "float16"),
    ],
)
def test_forged_arrays_are_refused(checkpoint: Checkpoint, arrays: dict[str, np.ndarray], what: str) -> None:
    forged(detectors.keep(fitted(checkpoint)), **arrays)
    with pytest.raises(ScoreError, match=what):
        detectors.read(checkpoint, "first")


@pytest.mark.parametrize("content", [b"", b"\xff" * 100, b"no detector", (2**62).to_bytes(8, "little") + b"{}"])
def test_files_that_are_no_detector_are_refused(checkpoint: Checkpoint, content: bytes) -> None:
    detectors.keep(fitted(checkpoint)).write_bytes(content)
    with pytest.raises(ScoreError, match="can't be read"):
        detectors.read(checkpoint, "first")
    assert detectors.kept(checkpoint) == []


def test_a_safetensors_file_of_something_else_is_refused(checkpoint: Checkpoint) -> None:
    path = detectors.keep(fitted(checkpoint))
    for metadata in ({}, {"detector": "[1]"}, {"detector": "{"}, {"detector": "[" * 99_999}, {"detector": '{"a": 1}'}):
        path.write_bytes(safetensors.numpy.save({"a": np.ones(1)}, metadata))
        with pytest.raises(ScoreError, match="no detector"):
            detectors.read(checkpoint, "first")


def test_a_state_that_isnt_the_scores_is_explained(checkpoint: Checkpoint) -> None:
    detectors.keep(fitted(checkpoint, "knn", state={"reference": np.ones((3, 7))}))
    with pytest.raises(ScoreError, match=r"Fit it again"):
        detectors.decide(detectors.read(checkpoint, "first"), seen(), None)
