"""Renames that replace nothing, where the system has them and where it has not."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from vae.storage import files, renaming

SYSTEMS = {
    "as here": None,
    "no such function": lambda: None,
    "not on this file system": lambda: lambda *_: errno.EINVAL,
}


@pytest.fixture(params=SYSTEMS)
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if SYSTEMS[request.param]:
        monkeypatch.setattr(renaming, "_system_rename", SYSTEMS[request.param])
    return str(request.param)


def make(path: Path, content: str | None) -> None:
    """A folder, with a file in it when there is content; a name that ends in .txt is a file."""
    if path.suffix:
        path.write_text(content or "")
        return
    path.mkdir()
    if content:
        (path / "inner").write_text(content)


def content(path: Path) -> str:
    return (path if path.is_file() else path / "inner").read_text()


@pytest.mark.parametrize("ending", ["", ".txt"])
@pytest.mark.usefixtures("system")
def test_a_free_name_is_taken(ending: str, tmp_path: Path) -> None:
    make(tmp_path / f"a{ending}", "new")
    renaming.rename_new(tmp_path / f"a{ending}", tmp_path / f"b{ending}")
    assert [path.name for path in tmp_path.iterdir()] == [f"b{ending}"]
    assert content(tmp_path / f"b{ending}") == "new"


@pytest.mark.parametrize(("source", "taken"), [("a", "b"), ("a", "b.txt"), ("a.txt", "b.txt"), ("a.txt", "b")])
@pytest.mark.parametrize("there", [None, "old"])
@pytest.mark.usefixtures("system")
def test_what_has_the_name_stays(source: str, taken: str, there: str | None, tmp_path: Path) -> None:
    make(tmp_path / source, "new")
    make(tmp_path / taken, there)
    with pytest.raises(FileExistsError):
        renaming.rename_new(tmp_path / source, tmp_path / taken)
    assert content(tmp_path / source) == "new"
    if there:
        assert content(tmp_path / taken) == there


@pytest.mark.usefixtures("system")
def test_a_link_that_leads_nowhere_has_its_name_too(tmp_path: Path) -> None:
    (tmp_path / "b").symlink_to(tmp_path / "gone")
    make(tmp_path / "a", "new")
    with pytest.raises(FileExistsError):
        renaming.rename_new(tmp_path / "a", tmp_path / "b")
    assert content(tmp_path / "a") == "new"


@pytest.mark.usefixtures("system")
def test_a_rename_that_fails_leaves_the_name_free(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        renaming.rename_new(tmp_path / "gone", tmp_path / "b")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_gives_way_to_its_successor(system: str, tmp_path: Path) -> None:
    make(tmp_path / "a", "old")
    make(tmp_path / "b", "other")
    assert renaming.exchange(tmp_path / "a", tmp_path / "b") is (system == "as here")
    with files.replaced_folder(tmp_path / "a") as temporary:
        (temporary / "inner").write_text("new")
    assert content(tmp_path / "a") == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]
