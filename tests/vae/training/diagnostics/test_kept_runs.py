"""Real runs, healthy ones and such with a planted fault, that `python -m benchmarks.training.verdicts --keep` wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vae.storage.paths import PROJECT
from vae.training.diagnostics.evidence import Evidence
from vae.training.diagnostics.readings import readings
from vae.training.diagnostics.verdict import judge
from vae.training.request import TrainingRequest
from vae.training.run_folder import history

KEPT = PROJECT / "tests" / "data" / "verdicts"
NAMES = sorted(path.stem for path in KEPT.glob("*.json"))


def kept(name: str, tmp_path: Path) -> tuple[Evidence, list[str]]:
    about = json.loads((KEPT / f"{name}.json").read_text(encoding="utf-8"))
    (tmp_path / history.FILE).write_bytes((KEPT / f"{name}.csv").read_bytes())
    request = TrainingRequest.from_json(about["request"])
    return Evidence(history.read(tmp_path), request.model, request.train, about["outcome"]), about["expected"]


def test_there_are_some() -> None:
    assert len(NAMES) >= 10


@pytest.mark.parametrize("name", NAMES)
def test_each_gets_its_verdict_and_a_remedy(name: str, tmp_path: Path) -> None:
    evidence, expected = kept(name, tmp_path)
    found = judge(evidence)
    if not expected:
        assert found.level == "fine"
        return
    assert found.cause in expected
    assert found.level in ("watch", "failing")
    assert found.remedy
    assert TrainingRequest(evidence.model, evidence.train, "a").with_settings(found.settings)


@pytest.mark.parametrize("name", NAMES)
def test_no_number_contradicts_the_verdict_at_any_epoch(name: str, tmp_path: Path) -> None:
    evidence, expected = kept(name, tmp_path)
    for epochs in range(1, len(evidence.rows) + 1):
        young = Evidence(evidence.rows[:epochs], evidence.model, evidence.train)
        found, shown = judge(young), readings(young)
        alarming = [(one.level, one.sentence) for one in shown if one.level in ("watch", "failing")]
        assert alarming == ([(found.level, found.sentence)] if found.cause else []), epochs
        assert expected or not found.cause, (epochs, found)  # a healthy run alarms nobody on its way
