"""No test of the library touches the project's own checkpoints, runs or derived files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from vae.checkpoints import checkpoint_files
from vae.data import datasets
from vae.data.image_dataset import SPLITS, ImageDataset
from vae.storage import paths

if TYPE_CHECKING:
    from vae.anomalies.forward_pass import Pass
    from vae.model.vae import VAE


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("VAE_CHECKPOINTS", "VAE_RUNS", "VAE_DERIVED"):
        monkeypatch.setenv(variable, str(tmp_path / variable.removeprefix("VAE_").lower()))


@pytest.fixture(scope="session")
def digits() -> dict[str, ImageDataset]:
    """The three splits of digits, by name."""
    return {split: datasets.load("digits", split) for split in SPLITS}


# --- what anomaly scores are tested on: once for all files; torch is imported where it is asked for -------------------


@pytest.fixture(scope="session")
def digits_vae() -> VAE:
    """The shipped digits-mlp-8."""
    from vae.checkpoints import loading

    return loading.load_model(checkpoint_files.read("digits-mlp-8", paths.PROJECT / "checkpoints"))


@pytest.fixture(scope="session")
def normal_digits(digits_vae: VAE, digits: dict[str, ImageDataset]) -> Pass:
    """What the model makes of the training digits."""
    from vae.anomalies.forward_pass import passes

    return passes(digits_vae, digits["train"].images)


@pytest.fixture(scope="session")
def sixty_digits(digits_vae: VAE, digits: dict[str, ImageDataset]) -> Pass:
    """What the model makes of 60 test digits."""
    from vae.anomalies.forward_pass import passes

    return passes(digits_vae, digits["test"].images[:60])


@pytest.fixture(scope="session")
def digits_states(digits_vae: VAE, normal_digits: Pass) -> dict[str, dict[str, Any]]:
    """Every score's arrays by its name, fitted to the training digits."""
    from vae.anomalies.methods import registry

    return {name: score.fit(normal_digits, digits_vae) for name, score in registry.SCORES.items()}
