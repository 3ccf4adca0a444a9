"""A checkpoint is judged by its history, or by what can be measured of one that has none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.vae.helpers import new_checkpoint
from tests.vae.training.diagnostics.made import healthy
from vae.checkpoints import checkpoint_files, checkpoint_writing
from vae.checkpoints.checkpoint import Checkpoint, Metric
from vae.config import TrainConfig
from vae.storage import paths
from vae.storage.paths import PROJECT
from vae.training.diagnostics.measured import evidence_on
from vae.training.diagnostics.verdict import judge


def stored(**changes: object) -> Checkpoint:
    checkpoint_writing.write(replace(new_checkpoint(), **changes), paths.checkpoints_dir() / "a")  # type: ignore[arg-type]
    return checkpoint_files.read("a")


def measured(**values: float) -> dict[str, Metric]:
    return {name: Metric(value, "nats", "") for name, value in values.items()}


GOOD = {"elbo": -24.0, "log_likelihood": -20.0, "kl": 4.0, "baseline_loss": 27.1, "entropy_floor": 13.7}


@pytest.mark.parametrize(
    ("more", "cause"),
    [
        ({}, ""),
        ({"elbo": -27.1, "log_likelihood": -27.1, "kl": 0.0}, "collapsed"),
        ({"elbo": -38.0, "log_likelihood": -37.6, "kl": 0.4}, "no_better"),
    ],
)
def test_a_model_without_history_is_judged_by_its_metrics(more: dict[str, float], cause: str) -> None:
    checkpoint = stored(history=[])
    assert judge(evidence_on(checkpoint, measured(**(GOOD | more)))).cause == cause


def test_without_a_baseline_it_is_judged_by_what_is_there() -> None:
    assert judge(evidence_on(stored(history=[]))).level == "fine"


def test_a_history_counts_more_than_a_single_number() -> None:
    rows = [{name: value for name, value in row.items() if "baseline" not in name} for row in healthy()]
    checkpoint = stored(history=rows, train=TrainConfig("digits", epochs=20), metrics=measured(**GOOD))
    evidence = evidence_on(checkpoint, measured(**(GOOD | {"baseline_loss": 206.0})))
    assert len(evidence.rows) == 20
    assert judge(evidence).sentence == "105.8 nats per image better than independent pixels."
    assert judge(evidence_on(checkpoint, measured(**(GOOD | {"baseline_loss": 90.0})))).cause == "not_trained"


def test_a_model_of_fewer_epochs_than_were_asked_for_was_stopped() -> None:
    rows = [row | {"learning_rate": 2e-3} for row in healthy(5)]
    metrics = measured(**GOOD, epochs_trained=5)
    checkpoint = stored(history=rows, train=TrainConfig("digits", epochs=20), metrics=metrics)
    assert judge(evidence_on(checkpoint)).cause == "cut_short"


def test_a_model_that_was_stopped_before_its_patience_was_at_an_end_kept_its_last_epoch() -> None:
    rows = healthy(9)
    rows[5] |= {"validation_loss": 90.0, "validation_elbo": -90.0}  # the best

    def kept(patience: int) -> float:
        train, metrics = TrainConfig("digits", epochs=20, patience=patience), measured(**GOOD, epochs_trained=9)
        return evidence_on(replace(new_checkpoint(), history=rows, train=train, metrics=metrics)).kept.row["epoch"]  # type: ignore[arg-type]

    assert kept(patience=4) == 9
    assert kept(patience=3) == 6


@pytest.mark.parametrize("name", ["digits-mlp-8", "digits-mlp-2", "mnist-conv-16", "mnist-mlp-2", "shapes-conv-10"])
def test_what_is_shipped_is_fine(name: str) -> None:
    checkpoint = checkpoint_files.read(name, PROJECT / "checkpoints")
    assert judge(evidence_on(checkpoint)).level == "fine"
    assert judge(evidence_on(replace(checkpoint, history=[]))).level == "fine"
