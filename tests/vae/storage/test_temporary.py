"""What is being written: swept when nobody owns it, and never while somebody does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from vae.storage import files, temporary

Writing = Callable[[Path], AbstractContextManager[Path]]
WRITINGS = [files.new_file, files.new_folder]
ELSEWHERE = "000000" if temporary._machine() != "000000" else "000001"
HALF_WRITTEN = """
import sys, pathlib
from vae.storage import files
with files.{writing}(pathlib.Path(sys.argv[1])) as temporary:
    (temporary / "x" if temporary.is_dir() else temporary).write_text("half")
    print("there", flush=True)
    sys.stdin.read()
"""


def half_writing(writing: Writing, path: Path) -> subprocess.Popen[str]:
    """Another process in the middle of a write."""
    process = subprocess.Popen(
        [sys.executable, "-c", HALF_WRITTEN.format(writing=writing.__name__), str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "there\n"
    return process


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write(writing: Writing, path: Path) -> None:
    with writing(path) as here:
        (here / "x" if here.is_dir() else here).write_text("new")


@pytest.mark.parametrize("writing", WRITINGS)
def test_what_a_killed_writer_left_goes_with_the_next_writer_of_any_name(writing: Writing, tmp_path: Path) -> None:
    process = half_writing(writing, tmp_path / "killed")
    [left] = names(tmp_path)
    write(files.new_file, tmp_path / "meanwhile")
    assert names(tmp_path) == sorted([left, "meanwhile"])  # its owner lives
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert left in names(tmp_path)
    write(files.new_folder, tmp_path / "next")
    assert names(tmp_path) == ["meanwhile", "next"]


@pytest.mark.parametrize("writing", WRITINGS)
def test_a_writer_that_lives_is_not_disturbed_however_long_it_rests(writing: Writing, tmp_path: Path) -> None:
    old = time.time() - 10 * temporary.LEFTOVER_SECONDS
    with writing(tmp_path / "slow") as here:
        inside = here / "x" if here.is_dir() else here
        inside.write_text("new")
        for path in (inside, here):
            os.utime(path, (old, old))
        temporary.sweep(tmp_path)
        assert inside.read_text() == "new"
    assert names(tmp_path) == ["slow"]


@pytest.mark.parametrize("locks", [True, False])
def test_where_a_lock_tells_nothing_age_does(locks: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of another machine that shares the disk; or a file system without locks."""
    if not locks:
        monkeypatch.setattr(temporary, "fcntl", None)
    machine = ELSEWHERE if locks else temporary._machine()
    old = time.time() - temporary.LEFTOVER_SECONDS - 1
    for digits, age in (("00000001", old), ("00000002", time.time())):
        left = tmp_path / f".a.{machine}-{digits}.tmp"
        left.mkdir()
        (left / "x").write_text("half")
        for path in (left / "x", left):
            os.utime(path, (age, age))
        rests = tmp_path / f".rests.{machine}-{digits}.tmp"
        rests.mkdir()
        (rests / "x").write_text("being written")
        os.utime(rests, (old, old))
    write(files.new_folder, tmp_path / "b")
    assert names(tmp_path) == [
        f".a.{machine}-00000002.tmp",
        f".rests.{machine}-00000001.tmp",
        f".rests.{machine}-00000002.tmp",
        "b",
    ]


def test_what_others_call_temporary_stays(tmp_path: Path) -> None:
    old = time.time() - temporary.LEFTOVER_SECONDS - 1
    theirs = [".notes.tmp", "a.tmp", ".b.12345678.tmp", f"b.{temporary._machine()}-00000001.tmp"]
    for name in theirs:
        (tmp_path / name).write_text("theirs")
        os.utime(tmp_path / name, (old, old))
    (tmp_path / ".a[1].00000001.tmp").write_text("of an earlier version")
    os.utime(tmp_path / ".a[1].00000001.tmp", (old, old))
    write(files.new_file, tmp_path / "a[1]")
    assert names(tmp_path) == sorted([*theirs, "a[1]"])


def test_a_name_that_was_swept_before_it_was_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, made = temporary._lock, []

    def sweep_first(path: Path) -> int | None:
        made.append(path)
        if len(made) == 1:
            temporary.sweep(tmp_path)
        return lock(path)

    monkeypatch.setattr(temporary, "_lock", sweep_first)
    write(files.new_folder, tmp_path / "a")
    assert (len(made), names(tmp_path)) == (2, ["a"])


def test_no_descriptor_stays_open(tmp_path: Path) -> None:
    before = len(list(Path("/dev/fd").iterdir()))
    for number in range(20):
        write(files.new_folder, tmp_path / str(number))
        with pytest.raises(FileExistsError):
            write(files.new_folder, tmp_path / str(number))
    assert len(list(Path("/dev/fd").iterdir())) == before


@pytest.mark.parametrize("writing", WRITINGS)
def test_of_writers_of_one_name_one_wins(writing: Writing, tmp_path: Path) -> None:
    """A folder must be new; a file takes the place of the other one, whole."""
    others = [half_writing(writing, tmp_path / "a") for _ in range(3)]
    ends = [(other.communicate()[0], other.returncode)[1] for other in others]
    assert sorted(ends) == ([0, 0, 0] if writing is files.new_file else [0, 1, 1])
    assert names(tmp_path) == ["a"]
