"""What all tests of the Anomalies page need."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.pages.anomalies.page import (
    Browser,
)
from tests.runs import plant
from vae import jobs, paths, store
from vae.records import Checkpoint


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("RUNS", "CHECKPOINTS", "DERIVED", "DATA"):
        monkeypatch.setenv(f"VAE_{variable}", str(tmp_path / variable.lower()))


@pytest.fixture
def digits() -> Checkpoint:
    """digits-mlp-8, the only model there."""
    shutil.copytree(paths.PROJECT / "checkpoints" / "digits-mlp-8", paths.checkpoints_dir() / "digits-mlp-8")
    return store.read("digits-mlp-8")


@pytest.fixture(autouse=True)
def browser(monkeypatch: pytest.MonkeyPatch) -> Browser:
    fake = Browser()
    monkeypatch.setattr("ui.sheet.show", fake.show_pictures)
    monkeypatch.setattr("ui.threshold.show", fake.show_threshold)
    monkeypatch.setattr("streamlit.download_button", fake.offer)
    return fake


@pytest.fixture
def submitted(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The arguments of the jobs that the page submits; each becomes a running one."""
    seen: list[list[str]] = []

    def submit(kind: str, title: str, arguments: list[str], lane: str = "compute") -> jobs.Job:
        seen.append(arguments)
        return jobs.get(plant("running", arguments, kind=kind, title=title, lane=lane))

    monkeypatch.setattr(jobs, "submit", submit)
    return seen
