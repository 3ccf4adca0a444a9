"""Detectors: fitted to one split, calibrated on another, decided with."""

from __future__ import annotations

import numpy as np
import pytest

from tests.vae.anomalies.made import fitted, seen
from tests.vae.helpers import new_checkpoint
from vae.anomalies import detectors, normal_images
from vae.anomalies.forward_pass import Pass, passes
from vae.anomalies.methods import registry
from vae.anomalies.normal_images import NormalChoice
from vae.anomalies.thresholds import Rule
from vae.checkpoints import checkpoint_files, checkpoint_writing
from vae.checkpoints.checkpoint import Checkpoint
from vae.data.image_dataset import ImageDataset
from vae.errors import ScoreError
from vae.model.vae import VAE
from vae.storage import paths


@pytest.fixture()
def checkpoint() -> Checkpoint:
    checkpoint_writing.write(new_checkpoint(), paths.checkpoints_dir() / "a")
    return checkpoint_files.read("a")


def test_the_budget_of_false_alarms_is_kept_and_outliers_are_found(checkpoint: Checkpoint) -> None:
    held_out = seen(seed=2)
    rule = Rule("false_alarms", 0.1)
    detector = detectors.fit(checkpoint, None, "mahalanobis", seen(seed=1), held_out, "all", rule)
    decided = detectors.decide(detector, held_out, None)
    assert decided.flagged.sum() == 19  # one in 201 more is what an image is expected to add
    assert detector.held_out == decided.held_out == 200
    assert detector.chosen.startswith("set for 10 % false alarms: 19 of 200 held-out normal images score higher; ")
    far = detectors.decide(detector, seen(50, seed=3, shift=9), None)
    assert far.flagged.all()
    assert (far.higher_than == 200).all()
    assert np.array_equal(decided.flagged, decided.scores > detector.threshold)


def test_one_held_out_image_is_enough_to_say_what_it_cannot_promise(checkpoint: Checkpoint) -> None:
    detector = detectors.fit(checkpoint, None, "squared_error", seen(), seen(1), "all")
    assert "but 1 held-out normal image can promise 50 % at best, and 5 % needs 19" in detector.chosen
    assert detectors.decide(detector, seen(50, seed=3, shift=9), None).flagged.all()


@pytest.mark.parametrize("name", registry.SCORES)
@pytest.mark.parametrize("level", [0, 200])
def test_where_all_normal_images_are_equal_another_is_anomalous_by_every_score(
    name: str, level: int, digits_vae: VAE
) -> None:
    """There is nothing to measure spread by: many scores called a white image as usual as the black ones."""
    equal, other = np.full((40, 1, 8, 8), level, np.uint8), np.full((3, 1, 8, 8), 255, np.uint8)
    known, new, white = (passes(digits_vae, images) for images in (equal, equal[:7], other))
    detector = detectors.fit(SHIPPED, digits_vae, name, known, passes(digits_vae, equal[:20]), "all")
    assert not detectors.decide(detector, new, digits_vae).flagged.any()
    decided = detectors.decide(detector, white, digits_vae)
    assert decided.flagged.all()
    assert decided.scores == pytest.approx(64 * ((255 - level) / 255) ** 2)
    assert (decided.higher_than == 20).all()
    assert detectors.equal_note(detector).startswith("All normal images are equal")
    assert detectors.equal_note(fitted(SHIPPED)) == ""


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
    assert share * len(held_out) - 2 <= flagged.sum() <= share * (len(held_out) + 1)


def test_fitting_says_what_it_lacks(checkpoint: Checkpoint) -> None:
    with pytest.raises(ScoreError, match=r"Unknown score 'luck'.*knn"):
        detectors.fit(checkpoint, None, "luck", seen(), seen(), "all")
    with pytest.raises(
        ScoreError, match=r"no held-out normal images, expected at least one\. 19 can promise 5 % false alarms"
    ):
        detectors.fit(checkpoint, None, "squared_error", seen(), seen(0), "all")
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


# --- fitted to a data set ---------------------------------------------------------------------------------------------


SHIPPED = checkpoint_files.read("digits-mlp-8", paths.PROJECT / "checkpoints")


def test_thresholds_are_those_of_images_it_was_not_fitted_to(
    digits_vae: VAE, digits: dict[str, ImageDataset], normal_digits: Pass
) -> None:
    """What it was fitted to scores lower, so that a threshold of those would flag too many new images."""
    detector = detectors.fit_to_dataset(SHIPPED, digits_vae, "knn", NormalChoice(), Rule("false_alarms", 0.1))
    score = registry.get("knn")
    state = score.fit(normal_digits)
    held_out = score.score(passes(digits_vae, digits["validation"].images), state)
    np.testing.assert_allclose(detector.calibration, np.sort(held_out), rtol=1e-6)
    assert detector.held_out == len(held_out)
    assert (held_out > detector.threshold).mean() == pytest.approx(0.1, abs=0.01)
    assert (score.score(normal_digits, state) > detector.threshold).mean() < 0.07
    np.testing.assert_array_equal(detector.state["reference"], state["reference"])


def test_it_says_what_it_was_fitted_to(digits_vae: VAE, digits: dict[str, ImageDataset]) -> None:
    heard: list[tuple[int, int]] = []
    detector = detectors.fit_to_dataset(
        SHIPPED,
        digits_vae,
        "squared_error",
        NormalChoice(("1", "7")),
        on_batch=lambda done, total: heard.append((done, total)),
    )
    fitted, calibrated = (np.isin(digits[split].labels, [1, 7]).sum() for split in ("train", "validation"))
    assert detector.normal == f"scikit-learn digits train, classes 1, 7: {fitted} images"
    assert detector.classes == ("1", "7")
    assert detector.held_out == calibrated
    assert heard == [(fitted, fitted + calibrated), (fitted + calibrated, fitted + calibrated)]


def test_a_slow_score_is_calibrated_on_fewer(digits_vae: VAE, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detectors, "MOST_SLOW", 7)
    assert detectors.fit_to_dataset(SHIPPED, digits_vae, "regret", NormalChoice()).held_out == 7
    assert detectors.fit_to_dataset(SHIPPED, digits_vae, "kl", NormalChoice()).held_out > 100


def test_an_unknown_score_computes_nothing(digits_vae: VAE) -> None:
    with pytest.raises(ScoreError, match="Unknown score 'luck'"):
        detectors.fit_to_dataset(
            SHIPPED, digits_vae, "luck", NormalChoice(), on_batch=lambda done, total: pytest.fail("it has begun")
        )
