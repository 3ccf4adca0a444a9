"""Each folder has a default in the project and one variable that moves it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vae.storage import paths

FOLDERS = [
    ("VAE_DATA", "data", paths.data_dir),
    ("VAE_CHECKPOINTS", "checkpoints", paths.checkpoints_dir),
    ("VAE_RUNS", "runs", paths.runs_dir),
    ("VAE_DERIVED", "derived", paths.derived_dir),
]


@pytest.mark.parametrize(("variable", "default", "folder"), FOLDERS)
def test_default_and_moved(
    variable: str, default: str, folder: Callable[[], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(variable, raising=False)
    assert folder() == Path(__file__).resolve().parents[3] / default
    monkeypatch.setenv(variable, str(tmp_path / "elsewhere"))
    assert folder() == tmp_path / "elsewhere"


def test_relative_and_home_folders_become_absolute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_DATA", "here")
    assert paths.data_dir() == Path.cwd() / "here"
    monkeypatch.setenv("VAE_DATA", "~/there")
    assert paths.data_dir() == (Path.home() / "there").resolve()


def test_a_home_that_is_the_whole_disk_is_not_read_unless_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/")
    monkeypatch.setenv("VAE_DATA", str(tmp_path))
    monkeypatch.delenv("VAE_FOLDERS", raising=False)
    assert paths.readable_folders() == (tmp_path,)
    monkeypatch.setenv("VAE_FOLDERS", "/")
    assert paths.readable_folders() == (Path("/"),)
