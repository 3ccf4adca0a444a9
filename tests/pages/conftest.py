"""What all page tests need."""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.runs import plant
from ui.train import estimate
from vae.checkpoints import checkpoint_files
from vae.checkpoints.checkpoint import Checkpoint
from vae.jobs import queue
from vae.jobs.job import Job
from vae.storage import paths


@pytest.fixture(autouse=True)
def _no_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Train page starts no trial by itself; tests of the estimate say when the form is still."""
    monkeypatch.setattr(estimate, "STILL_SECONDS", math.inf)


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("RUNS", "CHECKPOINTS", "DERIVED", "DATA"):
        monkeypatch.setenv(f"VAE_{variable}", str(tmp_path / variable.lower()))
    monkeypatch.setenv("VAE_FOLDERS", str(tmp_path))
    monkeypatch.setenv("VAE_ALL_IMAGES", "ask")


@pytest.fixture
def digits() -> Checkpoint:
    """digits-mlp-8 and digits-mlp-2 are there; the first is returned."""
    for name in ("digits-mlp-8", "digits-mlp-2"):
        shutil.copytree(paths.PROJECT / "checkpoints" / name, paths.checkpoints_dir() / name)
    return checkpoint_files.read("digits-mlp-8")


@pytest.fixture
def submitted(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The arguments of the jobs that the page submits; each becomes a running one."""
    seen: list[list[str]] = []

    def submit(
        kind: str, title: str, arguments: list[str], lane: str = "compute", files: Mapping[str, bytes] | None = None
    ) -> Job:
        seen.append(arguments)
        return queue.get(plant("running", arguments, kind=kind, title=title, lane=lane, files=files))

    monkeypatch.setattr(queue, "submit", submit)
    return seen
