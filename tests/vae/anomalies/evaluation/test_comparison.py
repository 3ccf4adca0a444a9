"""Which score wins, and why there may be none."""

from __future__ import annotations

import dataclasses

import numpy as np

from tests.vae.anomalies.evaluation.made import LOW
from vae.anomalies.evaluation import comparison
from vae.anomalies.evaluation.comparison import Comparison, NormalReference
from vae.anomalies.evaluation.metrics import Evaluation, Interval
from vae.anomalies.normal_images import NormalChoice
from vae.checkpoints.checkpoint import Checkpoint


def test_one_class_only_has_no_roc(checkpoint: Checkpoint) -> None:
    single = dataclasses.replace(checkpoint, dataset=dataclasses.replace(checkpoint.dataset, class_names=("all",)))
    assert "one class only" in comparison.why_not(single, NormalChoice())
    nowhere = dataclasses.replace(checkpoint.latents, labels=np.full_like(checkpoint.latents.labels, 7))
    assert "no image of the normal" in comparison.why_not(dataclasses.replace(checkpoint, latents=nowhere), LOW)


def judged_as(**auroc: float) -> Comparison:
    """A comparison of these AUROCs, each ± 0.01."""
    no = Interval(0.5, 0.5, 0.5)
    evaluations = {
        name: Evaluation(Interval(value, value - 0.01, value + 0.01), no, no, 1, 1, "") for name, value in auroc.items()
    }
    empty = np.zeros((0, 2), np.float32)
    return Comparison(LOW, NormalReference(np.arange(0), empty, empty), evaluations=evaluations)


def test_a_baseline_that_wins_is_named() -> None:
    found = judged_as(kl=0.7, lof=0.932, pca_lof=0.958, pca_forest=0.6)
    assert (found.winner(), found.baseline_wins()) == ("pca_lof", True)
    assert found.sentence() == "LOF on PCA, which needs no VAE, is best here: AUROC 0.958 against 0.932 of LOF of mu."


def test_a_score_of_the_vae_that_wins_is_compared_with_the_best_baseline() -> None:
    found = judged_as(kl=0.7, lof=0.955, pca_lof=0.94)
    assert (found.winner(), found.baseline_wins()) == ("lof", False)
    assert found.sentence() == (
        "LOF of mu is best here: AUROC 0.955 against 0.940 of LOF on PCA, the best baseline; their intervals overlap."
    )


def test_nothing_wins_where_only_one_kind_was_compared() -> None:
    assert not judged_as(pca_lof=0.9).baseline_wins()
    assert judged_as(pca_lof=0.9).sentence().endswith("AUROC 0.900; no score of the VAE was compared.")
    assert judged_as(lof=0.9).sentence() == "LOF of mu is best here: AUROC 0.900; no baseline was compared."
    assert not judged_as(kl=0.9, pca_lof=0.9).baseline_wins()  # equal is no victory
