"""What became of what a command printed: a closed pipe ends no work, a full disk is told, `python -OO` works."""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.vae.helpers import new_checkpoint
from vae import commands
from vae.checkpoints import checkpoint_files, checkpoint_writing
from vae.commands import common
from vae.errors import CheckpointError, ConfigError
from vae.jobs.command_line import option_words
from vae.storage import delivery, paths

FULL = Path("/dev/full")


class Refusing(io.StringIO):
    """A stream that takes some characters, and then raises."""

    def __init__(self, error: OSError, room: int = 0) -> None:
        super().__init__()
        self.error, self.room = error, room

    def write(self, text: str) -> int:
        if len(self.getvalue()) + len(text) > self.room:
            raise self.error
        return super().write(text)


def run_with(
    stream: str, error: OSError, work: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> tuple[int, Refusing]:
    refusing = Refusing(error, room=10)
    monkeypatch.setattr(commands.COMMANDS["list"], "run", lambda arguments: work())
    with monkeypatch.context() as patch:
        patch.setattr(sys, stream, refusing)
        return commands.main(["list"]), refusing


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_reader_that_goes_away_ends_no_work(stream: str, monkeypatch: pytest.MonkeyPatch) -> None:
    finished: list[str] = []

    def work() -> None:
        print("first", file=getattr(sys, stream))
        print("the reader goes away here", file=getattr(sys, stream))
        print("x", file=getattr(sys, stream), flush=True)
        finished.append("the result")

    code, refusing = run_with(stream, BrokenPipeError(), work, monkeypatch)
    assert (code, finished, refusing.getvalue()) == (0, ["the result"], "first\n")


def test_a_failure_stays_one_when_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    def work() -> None:
        raise ConfigError("No result.")

    assert run_with("stderr", BrokenPipeError(), work, monkeypatch)[0] == 2


def test_what_can_not_be_printed_is_no_success(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = OSError(28, "No space left on device")
    assert run_with("stdout", error, lambda: print("a long result"), monkeypatch)[0] == delivery.NOT_DELIVERED
    assert capsys.readouterr().err == "The output can't be written: No space left on device.\n"


@pytest.mark.skipif(not FULL.exists(), reason="there is no full device here")
@pytest.mark.parametrize("words", ["list", "list --help"])
@pytest.mark.parametrize("target", ["full", "closed"])
def test_as_a_program(target: str, words: str) -> None:
    command = [sys.executable, "-OO", "-m", "vae", *words.split()]
    if target == "full":
        with FULL.open("w") as output:
            ended = subprocess.run(
                command, check=False, stdout=output, stderr=subprocess.PIPE, text=True, cwd=paths.PROJECT
            )
        expected = (2, "The output can't be written: No space left on device.\n")
    else:
        reading, writing = os.pipe()
        os.close(reading)
        ended = subprocess.run(
            command, check=False, stdout=writing, stderr=subprocess.PIPE, text=True, cwd=paths.PROJECT
        )
        os.close(writing)
        expected = (0, "")
    assert (ended.returncode, ended.stderr) == expected


def closing(streams: str, *words: str) -> list[str]:
    """A command that runs Python with some of its streams closed, as a shell does it."""
    return ["/bin/sh", "-c", f'exec "$@" {streams}', "sh", sys.executable, *words]


@pytest.mark.parametrize("words", ["list --json", "--help"])
def test_a_closed_output_is_no_success(words: str) -> None:
    command = closing(">&-", "-m", "vae", *words.split())
    ended = subprocess.run(command, check=False, stderr=subprocess.PIPE, text=True, cwd=paths.PROJECT)
    assert (ended.returncode, ended.stderr) == (2, "The output can't be written: it is closed.\n")


def test_what_prints_nothing_needs_no_output(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands.COMMANDS["list"], "run", lambda arguments: None)
    monkeypatch.setattr(sys, "stdout", None)
    assert commands.main(["list"]) == 0
    monkeypatch.setattr(commands.COMMANDS["list"], "run", lambda arguments: print("a result"))
    assert commands.main(["list"]) == 2
    assert capfd.readouterr().err == "The output can't be written: it is closed.\n"


def test_a_closed_stream_leaves_its_number_to_no_file(tmp_path: Path) -> None:
    program = (
        "import os; from vae.storage.delivery import delivered\n"
        f"with delivered(), open({str(tmp_path / 'result')!r}, 'w') as file: os.write(1, b'a word'); file.write('all')"
    )
    subprocess.run(closing(">&- <&-", "-c", program), check=True, cwd=paths.PROJECT)
    assert (tmp_path / "result").read_text() == "all"


def test_a_checkpoint_that_its_reader_refuses_takes_no_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = checkpoint_writing._write_files

    def damaged(new: object, folder: Path) -> None:
        write(new, folder)  # type: ignore[arg-type]
        path = folder / checkpoint_files.LATENTS
        path.write_bytes(path.read_bytes()[:-1] + b"\x7f")

    monkeypatch.setattr(checkpoint_writing, "_write_files", damaged)
    with pytest.raises(CheckpointError, match=r"was written, but can't be read back: .* does not match the SHA-256"):
        checkpoint_writing.write(new_checkpoint(), tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_an_output_that_is_not_there_is_no_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="has 0 bytes"):
        common.write_output(tmp_path / "a.npz", b"")
    monkeypatch.setattr(common, "write_atomically", lambda path, content: path.write_bytes(content[:3]))
    with pytest.raises(ConfigError, match="has 3 bytes, expected 4"):
        common.write_output(tmp_path / "a.npz", b"1234")


def test_a_class_that_looks_like_an_option_is_a_class() -> None:
    classes = ("--output=PWN", "0", "-1")
    parser = argparse.ArgumentParser()
    common.add_normal(parser)
    parser.add_argument("--output")
    found = parser.parse_args(option_words("--normal", classes))
    assert (set(found.normal), found.output) == (set(classes), None)
    assert option_words("--classes", ("1", "2")) == ["--classes", "1", "2"]
    assert parser.parse_args(["--normal", "1", "2"]).normal == ["1", "2"]


def test_too_little_memory_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def run(arguments: argparse.Namespace) -> None:
        raise MemoryError("Unable to allocate 9 EiB")

    monkeypatch.setattr(commands.COMMANDS["list"], "run", run)
    assert commands.main(["list"]) == 2
    assert capsys.readouterr().err.endswith(
        "There is too little memory for it; close other programs, or ask for less. Unable to allocate 9 EiB\n"
    )
