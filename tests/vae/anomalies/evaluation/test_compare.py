"""Every score of the test split side by side: what it is fitted to, evaluated against, and what it reports."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.vae.anomalies.evaluation.made import IN_ORDER, LOW
from vae.anomalies.evaluation import compare, metrics
from vae.anomalies.evaluation.comparison import Comparison
from vae.anomalies.forward_pass import passes
from vae.anomalies.methods import registry
from vae.anomalies.normal_images import NormalChoice
from vae.checkpoints.checkpoint import Checkpoint
from vae.data.image_dataset import ImageDataset
from vae.errors import ScoreError
from vae.model.vae import VAE


def test_scores_are_of_a_detector_fitted_to_the_normal_train_images(
    compared: Comparison, model: VAE, digits: dict[str, ImageDataset]
) -> None:
    seen = {name: passes(model, split.images[split.labels <= 4]) for name, split in digits.items()}
    score = registry.get("knn")
    state = score.fit(seen["train"], model)
    np.testing.assert_allclose(compared.held_out["knn"], score.score(seen["validation"], state, model), rtol=1e-4)
    normal_test = compared.scores["knn"][digits["test"].labels <= 4]
    np.testing.assert_allclose(normal_test, score.score(seen["test"], state, model), rtol=1e-4)
    np.testing.assert_allclose(compared.reference.mu, seen["train"].mu, atol=1e-5)
    assert (digits["train"].labels[compared.reference.rows] <= 4).all()


def test_each_score_is_judged_against_the_labels(compared: Comparison, digits: dict[str, ImageDataset]) -> None:
    assert list(compared.scores) == list(compared.held_out) == list(compared.evaluations) == IN_ORDER
    outlier = digits["test"].labels > 4
    for name, scores in compared.scores.items():
        assert compared.evaluations[name].auroc.value == metrics.auroc(scores, outlier)
        assert compared.evaluations[name].outliers == outlier.sum()
    assert compared.evaluations["knn"].auroc.value > 0.9  # 0.970 measured
    assert compared.why_not == ""
    for name, speed in compared.images_per_second.items():
        seconds = compared.seconds[name] + (0 if name in registry.BASELINES else compared.pass_seconds)
        assert speed == pytest.approx(len(compared.scores[name]) / seconds)


def test_without_outliers_it_says_why_nothing_is_judged(checkpoint: Checkpoint, model: VAE) -> None:
    found = compare.compare(checkpoint, model, NormalChoice(tuple("0123456789")), ["kl"])
    assert found.choice == NormalChoice()
    assert found.evaluations == {}
    assert found.why_not.startswith("All classes of the test split are normal")
    assert (found.winner(), found.baseline_wins(), found.sentence()) == (None, False, "")
    assert len(found.scores["kl"]) == len(checkpoint.latents.mu)


def test_a_score_that_cant_be_computed_hides_no_other(
    checkpoint: Checkpoint, model: VAE, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry.get("kl"), "_score", lambda batch, *_: np.full(len(batch), np.nan))
    finished: list[list[str]] = []
    found = compare.compare(
        checkpoint, model, LOW, ["kl", "squared_error"], on_finished=lambda c: finished.append(list(c.scores))
    )
    assert list(found.scores) == ["squared_error"]
    assert "scores are not a number" in found.failed["kl"]
    assert finished == [["squared_error"]]
    with pytest.raises(ScoreError, match="not a number"):
        compare.compare(checkpoint, model, LOW, ["kl"])


@pytest.mark.parametrize(("names", "message"), [((), "No score was chosen"), (("kl", "x"), "Unknown score 'x'")])
def test_scores_that_are_none_are_refused(
    checkpoint: Checkpoint, model: VAE, names: tuple[str, ...], message: str
) -> None:
    with pytest.raises(ScoreError, match=message):
        compare.compare(checkpoint, model, LOW, names)


def test_other_test_images_than_those_measured_are_refused(checkpoint: Checkpoint, model: VAE) -> None:
    dataset = dataclasses.replace(checkpoint.dataset, test_fingerprint="0" * 64)
    with pytest.raises(ScoreError, match="are not those that digits-mlp-8 was measured on"):
        compare.compare(dataclasses.replace(checkpoint, dataset=dataset), model, LOW, ["kl"])


def test_progress_hears_every_image_of_every_score(checkpoint: Checkpoint, model: VAE) -> None:
    heard: list[tuple[str, int, int]] = []
    found = compare.compare(checkpoint, model, LOW, ["kl"], lambda name, done, total: heard.append((name, done, total)))
    forward = [(done, total) for name, done, total in heard if name == compare.FORWARD]
    everything = len(found.reference.rows) + len(found.held_out["kl"]) + len(found.scores["kl"])
    assert forward[-1] == (everything, everything)
    both = len(found.held_out["kl"]) + len(found.scores["kl"])
    assert heard[-1] == ("kl", both, both)
    assert [done for name, done, _ in heard if name == "kl"] == sorted(done for name, done, _ in heard if name == "kl")


def test_all_scores_are_compared_but_the_slow_ones() -> None:
    assert set(compare.default_names()) == set(registry.SCORES) - {"regret"}
