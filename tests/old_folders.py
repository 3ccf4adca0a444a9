"""A copy of the folders that an earlier version wrote (tests/data/old), for the tests that read them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

OLD = Path(__file__).parent / "data" / "old"
FINISHED, STOPPED, KILLED, DIED = "00f155", "005709", "00dead", "00d0d0"  # how the runs' ids end


def use_copy(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Copy the old folders below `folder` and let the environment point there."""
    for name in ("checkpoints", "derived", "runs", "data"):
        shutil.copytree(OLD / name, folder / name, dirs_exist_ok=True)
        patch.setenv(f"VAE_{name.upper()}", str(folder / name))


def run_id(ending: str) -> str:
    """The id of the run that ends so."""
    [folder] = (OLD / "runs").glob(f"*-{ending}")
    return folder.name
