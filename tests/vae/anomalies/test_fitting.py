"""A detector from images to threshold: fitted to one split, calibrated on another."""

from __future__ import annotations

import numpy as np
import pytest

from vae.anomalies import fitting
from vae.anomalies.forward_pass import Pass, passes
from vae.anomalies.methods import registry
from vae.anomalies.normal_images import NormalChoice
from vae.anomalies.thresholds import Rule
from vae.checkpoints import checkpoint_files
from vae.data.image_dataset import ImageDataset
from vae.errors import ScoreError
from vae.model.vae import VAE
from vae.storage import paths

SHIPPED = checkpoint_files.read("digits-mlp-8", paths.PROJECT / "checkpoints")


def test_thresholds_are_those_of_images_it_was_not_fitted_to(
    digits_vae: VAE, digits: dict[str, ImageDataset], normal_digits: Pass
) -> None:
    """What it was fitted to scores lower, so that a threshold of those would flag too many new images."""
    detector = fitting.fit_to_dataset(SHIPPED, digits_vae, "knn", NormalChoice(), Rule("false_alarms", 0.1))
    score = registry.get("knn")
    state = score.fit(normal_digits)
    held_out = score.score(passes(digits_vae, digits["validation"].images), state)
    np.testing.assert_allclose(detector.calibration, np.quantile(held_out, np.linspace(0, 1, 1_001)), rtol=1e-6)
    assert detector.held_out == len(held_out)
    assert (held_out > detector.threshold).mean() == pytest.approx(0.1, abs=0.01)
    assert (score.score(normal_digits, state) > detector.threshold).mean() < 0.07
    np.testing.assert_array_equal(detector.state["reference"], state["reference"])


def test_it_says_what_it_was_fitted_to(digits_vae: VAE, digits: dict[str, ImageDataset]) -> None:
    heard: list[tuple[int, int]] = []
    detector = fitting.fit_to_dataset(
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
    monkeypatch.setattr(fitting, "MOST_SLOW", 7)
    assert fitting.fit_to_dataset(SHIPPED, digits_vae, "regret", NormalChoice()).held_out == 7
    assert fitting.fit_to_dataset(SHIPPED, digits_vae, "kl", NormalChoice()).held_out > 100


def test_an_unknown_score_computes_nothing(digits_vae: VAE) -> None:
    with pytest.raises(ScoreError, match="Unknown score 'luck'"):
        fitting.fit_to_dataset(
            SHIPPED, digits_vae, "luck", NormalChoice(), on_batch=lambda done, total: pytest.fail("it has begun")
        )
