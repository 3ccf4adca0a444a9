"""Writing in one step, and reading what may be damaged."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from vae.errors import StorageError
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


def test_sha256(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert files.sha256(tmp_path / "a") == hashlib.sha256(b"abc").hexdigest()


def test_json_is_returned_with_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b'{"a": [1, null]}')
    assert files.read_json(tmp_path / "a.json") == ({"a": [1, None]}, b'{"a": [1, null]}')


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not valid JSON"),
        (b'{"a": 1', "not valid JSON"),
        (b"\xff\xfe\xfa{}", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b"9" * 5_000, "not valid JSON"),
        (b"[1]", "holds a list, expected an object"),
        (b"null", "holds a NoneType, expected an object"),
        (b" " * (files.MAX_JSON_BYTES + 1), "expected at most 4,194,304"),
    ],
    ids=["empty", "cut off", "no text", "deep", "long number", "list", "null", "too large"],
)
def test_bad_json_is_named(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(StorageError, match=rf"{tmp_path.name}: a\.json .*{message}"):
        files.read_json(tmp_path / "a.json")


def test_absent_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"a\.json can't be read: No such file"):
        files.read_json(tmp_path / "a.json")
    with pytest.raises(StorageError, match=r"a\.safetensors is not a readable"):
        files.read_tensors(tmp_path / "a.safetensors")


def test_tensors_come_back_with_their_metadata(tmp_path: Path) -> None:
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    safetensors.numpy.save_file({"a": array}, tmp_path / "a.safetensors", {"kind": "test"})
    tensors, metadata = files.read_tensors(tmp_path / "a.safetensors")
    assert metadata == {"kind": "test"}
    assert np.array_equal(tensors["a"], array)


def test_a_header_that_promises_too_much_is_refused(tmp_path: Path) -> None:
    header = b'{"a":{"dtype":"F32","shape":[1000000000],"data_offsets":[0,4000000000]}}'
    (tmp_path / "a.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + b"\0" * 16)
    with pytest.raises(StorageError, match="not a readable safetensors file"):
        files.read_tensors(tmp_path / "a.safetensors")


def test_a_file_that_is_too_large_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_TENSOR_BYTES", 100)
    safetensors.numpy.save_file({"a": np.zeros(100, np.float32)}, tmp_path / "a.safetensors")
    with pytest.raises(StorageError, match="more than this program opens"):
        files.read_tensors(tmp_path / "a.safetensors")
