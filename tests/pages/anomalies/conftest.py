"""What all tests of the Anomalies page need."""

from __future__ import annotations

import shutil

import pytest

from tests.pages.anomalies.page import Browser
from vae.checkpoints import checkpoint_files
from vae.checkpoints.checkpoint import Checkpoint
from vae.storage import paths


@pytest.fixture
def digits() -> Checkpoint:
    """digits-mlp-8, the only model there."""
    shutil.copytree(paths.PROJECT / "checkpoints" / "digits-mlp-8", paths.checkpoints_dir() / "digits-mlp-8")
    return checkpoint_files.read("digits-mlp-8")


@pytest.fixture(autouse=True)
def browser(monkeypatch: pytest.MonkeyPatch) -> Browser:
    fake = Browser()
    monkeypatch.setattr("ui.components.picture_sheet.show", fake.show_pictures)
    monkeypatch.setattr("ui.components.review.show", fake.show_review)
    monkeypatch.setattr("ui.components.threshold.show", fake.show_threshold)
    monkeypatch.setattr("streamlit.download_button", fake.offer)
    return fake
