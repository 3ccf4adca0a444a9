"""What all tests of `score` need: the shipped models, and a folder with good and bad files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.vae.commands.score.score import CHECKPOINTS, bomb, save
from vae.checkpoints import checkpoint_files
from vae.checkpoints.checkpoint import Checkpoint


@pytest.fixture(autouse=True)
def _shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_CHECKPOINTS", str(CHECKPOINTS))


@pytest.fixture(scope="package")
def checkpoint() -> Checkpoint:
    return checkpoint_files.read("digits-mlp-8", CHECKPOINTS)


@pytest.fixture
def folder(tmp_path: Path, digits: dict) -> Path:
    """Eight digits, an inverted one, and five files that are no images."""
    root = tmp_path / "mine"
    for row in range(8):
        save(root / f"{row}.png", digits["test"].images[row, 0])
    save(root / "below" / "deeper" / "odd.PNG", 255 - digits["test"].images[0, 0])
    whole = (root / "0.png").read_bytes()
    (root / "cut.png").write_bytes(whole[: len(whole) // 2])
    (root / "text.png").write_text("not an image")
    (root / "empty.jpg").write_bytes(b"")
    (root / "bomb.png").write_bytes(bomb())
    os.mkfifo(root / "pipe.png")
    (root / "notes.txt").write_text("passed over")
    (root / ".hidden.png").write_bytes(whole)
    return root
