"""What all tests of the Generate page need."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.pages.generate.page import (
    Browser,
)
from vae import paths, store
from vae.records import Checkpoint


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("RUNS", "CHECKPOINTS", "DERIVED", "DATA"):
        monkeypatch.setenv(f"VAE_{variable}", str(tmp_path / variable.lower()))


@pytest.fixture
def digits() -> Checkpoint:
    """digits-mlp-8 and digits-mlp-2 are there; the first is returned."""
    for name in ("digits-mlp-8", "digits-mlp-2"):
        shutil.copytree(paths.PROJECT / "checkpoints" / name, paths.checkpoints_dir() / name)
    return store.read("digits-mlp-8")


@pytest.fixture(autouse=True)
def browser(monkeypatch: pytest.MonkeyPatch) -> Browser:
    fake = Browser()
    monkeypatch.setattr("ui.sheet.show", fake.show_pictures)
    monkeypatch.setattr("ui.scrub.show", fake.show_data)
    monkeypatch.setattr("ui.manifold.show", fake.show_plane)
    return fake
