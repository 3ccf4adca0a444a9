"""No test of the library touches the project's own checkpoints, runs or derived files."""

from __future__ import annotations

from pathlib import Path

import pytest

from vae import datasets


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("VAE_CHECKPOINTS", "VAE_RUNS", "VAE_DERIVED"):
        monkeypatch.setenv(variable, str(tmp_path / variable.removeprefix("VAE_").lower()))


@pytest.fixture(scope="session")
def digits() -> dict[str, datasets.ImageDataset]:
    """The three splits of digits, by name."""
    return {split: datasets.load("digits", split) for split in datasets.SPLITS}
