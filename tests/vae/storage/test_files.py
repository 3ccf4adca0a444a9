"""Writing in one step, and reading what may be damaged."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from vae.storage import files

Writing = Callable[[Path], AbstractContextManager[Path]]


def test_writing_replaces_and_makes_folders(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.json"
    files.write_atomically(path, b"old")
    files.write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("failing", ["replace", "write_bytes"])
def test_a_failing_write_leaves_the_old_file_alone(
    failing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, failing, fail)
    with pytest.raises(OSError, match="No space left"):
        files.write_atomically(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def write_folder(folder: Path, content: str) -> None:
    (folder / "inner").mkdir()
    (folder / "inner" / "a").write_text(content)


def test_a_new_folder_appears_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a"
    with files.new_folder(path) as temporary:
        write_folder(temporary, "new")
        assert not path.exists()
    assert (path / "inner" / "a").read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_came_first_stays(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with pytest.raises(FileExistsError), files.new_folder(path) as temporary:
        write_folder(temporary, "late")
        path.mkdir()
        write_folder(path, "first")
    assert (path / "inner" / "a").read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_gives_way_to_its_successor(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.mkdir()
    write_folder(path, "old")
    with files.replaced_folder(path) as temporary:
        write_folder(temporary, "new")
        assert (path / "inner" / "a").read_text() == "old"
    assert (path / "inner" / "a").read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cant_be_replaced_stays(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.mkdir()
    write_folder(path, "old")
    with pytest.raises(OSError, match="No such file"), files.replaced_folder(path) as temporary:
        temporary.rmdir()  # so that it can't take the place
    assert (path / "inner" / "a").read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("writing", [files.new_file, files.new_folder, files.replaced_folder])
def test_a_block_that_raises_changes_nothing(writing: Writing, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), writing(tmp_path / "a") as temporary:
        (temporary / "x" if temporary.is_dir() else temporary).write_text("half")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_writing_can_be_tried(tmp_path: Path) -> None:
    files.check_writable(tmp_path / "a.json")
    assert list(tmp_path.iterdir()) == []
    for path in (tmp_path / "gone" / "a.json", tmp_path / ("a" * 250)):  # too long for the temporary name
        with pytest.raises(OSError, match=r"No such file|too long"):
            files.check_writable(path)
