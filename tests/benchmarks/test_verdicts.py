"""Small real trainings, judged; the kept ones are judged in tests/vae/training/diagnostics."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from benchmarks.training import colour_shapes, verdicts
from benchmarks.training.verdict_cases import HEALTHY, PLANTED, Case
from vae.training.diagnostics.verdict import CAUSES, judge
from vae.training.run_folder import history

BY_NAME = {case.name: case for case in (*PLANTED, *HEALTHY)}


def test_cases_have_names_of_their_own_and_expect_what_there_is() -> None:
    assert max(Counter(case.name for case in (*PLANTED, *HEALTHY)).values()) == 1
    assert all(case.expected and set(case.expected) <= CAUSES.keys() for case in PLANTED)
    assert not any(case.expected for case in HEALTHY)


@pytest.mark.parametrize("name", ["digits, 10 steps", "digits, averaged loss (β = 64)", "digits, learning rate 1e-5"])
def test_a_planted_fault_is_named(name: str) -> None:
    case = BY_NAME[name]
    request = case.request()
    request = request.with_settings({"epochs": min(40, request.train.epochs)})
    assert judge(verdicts.train(request, case.load())).cause in case.expected


def test_a_remedy_is_followed_and_kept_runs_read_back(tmp_path: Path) -> None:
    case = Case("β = 20", "digits", 100, ("not_trained",), {"latent_dim": 2, "hidden": (8,)}, {"epochs": 2})
    outcome = verdicts.follow(case, rounds=1)
    assert outcome.named
    assert outcome.verdicts[0].cause == "not_trained"
    assert len(outcome.verdicts) == 2
    assert verdicts.line(outcome).startswith("not_trained (failing) --batch-size 32 --epochs 250 -> ")
    verdicts.keep(outcome, tmp_path)
    (tmp_path / "beta-20.csv").rename(tmp_path / history.FILE)
    found = history.read(tmp_path)
    assert len(found) == 2
    assert found[-1]["validation_loss"] == pytest.approx(outcome.evidence.rows[-1]["validation_loss"], rel=1e-4)


def test_colour_pictures_are_the_same_each_time_and_differ() -> None:
    pictures = colour_shapes.draw(6)
    assert pictures.shape == (6, 3, 16, 16)
    np.testing.assert_array_equal(pictures[:3], colour_shapes.draw(3))
    assert len(np.unique(pictures.reshape(6, -1), axis=0)) == 6
