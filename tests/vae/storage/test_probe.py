"""Questions about paths are answered, never raised."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vae import commands
from vae.storage import paths, probe

ODD = ["loop", "through/a/loop", "a\0b", "x" * 300, "file/below"]


@pytest.fixture()
def odd(tmp_path: Path) -> Path:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "through").symlink_to("loop")
    (tmp_path / "file").write_text("x")
    return tmp_path


@pytest.mark.parametrize("name", ODD)
def test_odd_paths_are_nothing(name: str, odd: Path) -> None:
    path = odd / name
    assert not probe.is_file(path)
    assert not probe.is_folder(path)
    assert probe.stamp(path) is None
    assert probe.changed(path) == 0
    assert probe.entries(path) == []


def test_what_is_there_is_told(odd: Path) -> None:
    assert [path.name for path in probe.entries(odd)] == ["file", "loop", "through"]
    assert probe.is_there(odd / "loop")
    assert probe.is_file(odd / "file")
    assert probe.is_folder(odd)
    found = probe.stamp(odd / "file")
    assert found
    assert (found.size, found.changed) == (1, (odd / "file").stat().st_mtime_ns)
    assert probe.stamp(odd) is None
    assert probe.why_closed(odd) == probe.why_closed(odd / "not yet") == ""


def test_a_folder_of_too_many_is_cut(odd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "MOST_ENTRIES", 2)
    assert len(probe.entries(odd)) == 2


def closed(path: Path, mode: int) -> bool:
    return False


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("loop", "Too many levels of symbolic links"),
        ("file", "it is no folder"),
        ("file/below", "Not a directory"),
        ("x" * 300, "File name too long"),
        ("~nosuchuser/data", "there is nobody of that name"),
        (".", "Permission denied"),
    ],
)
@pytest.mark.parametrize("variable", ["VAE_DATA", "VAE_CHECKPOINTS", "VAE_RUNS", "VAE_DERIVED"])
def test_an_odd_folder_is_one_sentence_in_every_command(
    variable: str,
    value: str,
    why: str,
    odd: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(variable, value if value.startswith("~") else os.path.join(odd, value))  # noqa: PTH118 - "." stays
    if value == ".":
        monkeypatch.setattr(os, "access", closed)  # mode 000 means nothing to root
        assert [problem for problem in paths.problems() if variable in problem and why in problem]
        return
    (problem,) = paths.problems()
    assert variable in problem
    assert why in problem
    with pytest.raises(SystemExit) as ended:
        commands.main(["train", "--help"])
    assert ended.value.code == 0
    capsys.readouterr()
    assert commands.main(["list"]) == (2 if variable == "VAE_CHECKPOINTS" else 0)
    told = capsys.readouterr().err
    assert told.count("can't be read") == 1
    assert problem in told


def test_a_working_folder_that_was_deleted_raises_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    monkeypatch.setenv("VAE_CHECKPOINTS", "models")
    assert paths.checkpoints_dir() == Path("models")
    assert commands.main(["list"]) == 0
