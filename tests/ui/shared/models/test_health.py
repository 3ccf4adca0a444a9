"""A model that only looks as if it worked is named on every page; one that works is left alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.vae.helpers import new_checkpoint
from tests.vae.training.diagnostics.made import healthy
from ui.shared.models import health
from vae.checkpoints.checkpoint import Metric, NewCheckpoint
from vae.config import TrainConfig
from vae.training.diagnostics.measured import evidence_on
from vae.training.diagnostics.verdict import CAUSES, Verdict, judge

PAGES = (health.EXPLORE, health.GENERATE, health.ANOMALIES)
GOOD = {"elbo": -24.0, "log_likelihood": -20.0, "kl": 4.0, "baseline_loss": 27.1}


def judged(**changes: Any) -> Verdict:
    checkpoint: NewCheckpoint = replace(new_checkpoint(), **changes)
    return judge(evidence_on(checkpoint))  # type: ignore[arg-type]


def metrics(**values: float) -> dict[str, Metric]:
    return {name: Metric(value, "nats", "") for name, value in (GOOD | values).items()}


@pytest.mark.parametrize("where", PAGES)
def test_a_collapsed_model_is_named_on_every_page(where: str) -> None:
    collapsed = judged(history=[], metrics=metrics(elbo=-27.1, log_likelihood=-27.1, kl=0.0))
    assert health.warning(collapsed, where).startswith("This model's KL has vanished: ")
    assert health.badge(collapsed) == ":red-badge[:material/error: Failing] KL vanished"
    assert len({health.warning(collapsed, page) for page in PAGES}) == len(PAGES)  # each says what it means there


def test_a_model_of_a_few_steps_is_named() -> None:
    rows = [row | {"steps": 20.0 * (i + 1)} for i, row in enumerate(healthy(2))]
    barely = judged(history=rows, train=TrainConfig("digits", epochs=2), metrics=metrics(epochs_trained=2))
    assert health.warning(barely, health.EXPLORE).startswith("This model has hardly been trained: ")


def test_a_good_model_and_one_to_be_watched_are_left_alone() -> None:
    fine = judged(history=[], metrics=metrics())
    assert health.badge(fine) == ":green-badge[:material/check: Fine]"
    watched = replace(fine, level="watch", cause="low_kl")
    assert [health.warning(verdict, page) for verdict in (fine, watched) for page in PAGES] == [""] * 6


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("where", PAGES)
def test_every_cause_can_be_told_on_every_page(cause: str, where: str) -> None:
    said = health.warning(Verdict("failing", cause, ""), where)
    assert (said == "") == (cause not in health.STARTS)
    assert said == "" or said.endswith(".")


def test_a_model_that_tells_nothing_of_itself_is_no_error() -> None:
    unknown = judged(history=[], metrics={})
    assert health.badge(unknown).startswith(health.BADGES[unknown.level])
    assert health.warning(unknown, health.EXPLORE) == ""
