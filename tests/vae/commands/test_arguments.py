"""`python -m vae`: help, and bad arguments in one line with exit code 2."""

from __future__ import annotations

import dataclasses
import errno
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.vae.helpers import new_checkpoint
from vae import commands
from vae.checkpoints import checkpoint_files, checkpoint_writing
from vae.commands import common
from vae.storage import paths

BAD_ARGUMENTS = [
    ([], "the following arguments are required: COMMAND"),
    (["fly"], "invalid choice: 'fly'"),
    (["list", "--colour"], "unrecognized arguments: --colour"),
    (["train", "--dataset", "cats"], "Unknown data set 'cats'. Known ones: digits, mnist"),
    (["train", "--architecture", "rnn"], "architecture is 'rnn', expected one of mlp, conv"),
    (["train", "--latent-dim", "0"], "latent_dim is 0, expected a whole number from 1 to 128"),
    (["train", "--latent-dim", "10000"], "latent_dim is 10000, expected a whole number from 1 to 128"),
    (["train", "--latent-dim", "2.5"], "invalid int value: '2.5'"),
    (["train", "--epochs", "0"], "epochs is 0, expected"),
    (["train", "--learning-rate", "nan"], "learning_rate is nan, expected"),
    (["train", "--beta", "-1"], "beta is -1.0, expected"),
    (["train", "--hidden", "0"], "hidden width is 0, expected"),
    (["train", "--channels", "8"], "given channels, which only a conv has"),
    (["train", "--output", "a b"], "'a b' is not a checkpoint's name"),
    (["train", "--output", ".."], "'..' is not a checkpoint's name"),
    (["evaluate"], "the following arguments are required: CHECKPOINT"),
    (["evaluate", "nothing"], "There is no checkpoint 'nothing'"),
    (["evaluate", "../nothing"], "The checkpoint ../nothing can't be read: nothing is there"),
    (["evaluate", "good", "--split", "all"], "invalid choice: 'all'"),
    (["encode", "good", "--output", "latents.txt"], "expected a name that ends in .npz"),
    (["encode", "good", "--output", "no/such/folder/latents.npz"], "There is no folder no/such/folder"),
    (["encode", "good", "--dataset", "cats"], "Unknown data set 'cats'"),
    (["map", "good"], "the following arguments are required: --method"),
    (["map", "good", "--method", "globe"], "invalid choice: 'globe'"),
    (["map", "good", "--method", "tsne", "--perplexity", "14"], "perplexity is 14 for 40 images"),
    (["map", "good", "--method", "tsne", "--perplexity", "5", "--seed", "-1"], "seed is -1, expected"),
    (["map", "good", "--method", "umap", "--neighbours", "40"], "neighbours is 40 for 40 images"),
    (["map", "nothing", "--method", "pca"], "There is no checkpoint 'nothing'"),
    (["sample", "good", "--output", "a" * 300 + ".png"], "aaa can't be written: File name too long."),
    (["sample", "good", "--output", "a" * 5_000 + "/b.png"], "can't be written: File name too long."),
    (["sample", "a" * 5_000 + "/b"], "The checkpoint aaaa"),
    (["train", "--output", "a" * 5_000 + "/b"], "can't be written: File name too long."),
    (["fetch", "cats"], "torchvision downloads no data set called 'cats'"),
    (["fetch"], "the following arguments are required: NAME"),
]


def call(*argv: str) -> int:
    """The exit code of a command, however it ends."""
    try:
        return commands.main(argv)
    except SystemExit as end:
        return int(end.code or 0)


@pytest.mark.parametrize("command", commands.COMMANDS)
def test_each_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(command, "--help") == 0
    out, err = capsys.readouterr()
    summary = (commands.COMMANDS[command].__doc__ or "").splitlines()[0]
    assert out.startswith(f"usage: python -m vae {command}")
    assert summary in " ".join(out.split())
    assert "--run-folder" not in out  # between a job and its command only
    assert err == ""


def test_the_program_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--help") == 0
    out = capsys.readouterr().out
    assert all(f"\n    {command}" in out for command in commands.COMMANDS)


@pytest.mark.parametrize(
    ("argv", "message"), BAD_ARGUMENTS, ids=[" ".join(argv)[:60] or "nothing" for argv, _ in BAD_ARGUMENTS]
)
def test_bad_arguments_give_one_line_and_exit_code_2(
    argv: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint_writing.write(new_checkpoint(), paths.checkpoints_dir() / "good")
    assert call(*argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("python -m vae")
    assert message in err
    assert (err.count("\n"), err[-1]) == (1, "\n")
    assert [s.name for s in checkpoint_files.summaries()] == ["good"]


@pytest.mark.parametrize(
    ("argv", "what"),
    [
        (["sample", "good", "--output", "closed/x.png"], "closed/x.png can't be written: Permission denied."),
        (["evaluate", "closed/x"], "The checkpoint closed/x can't be read: Permission denied."),
        (["train", "--output", "closed/x"], "closed is no folder that you may write to."),
    ],
)
def test_what_lies_in_a_folder_that_is_closed_to_us_gives_one_line(
    argv: list[str], what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint_writing.write(new_checkpoint(), paths.checkpoints_dir() / "good")
    _close(tmp_path, monkeypatch)
    assert call(*argv) == 2
    err = capsys.readouterr().err
    assert what in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("command", ["encode", "sample", "traverse", "interpolate", "score"])
def test_an_output_that_cant_be_written_is_told_before_the_work(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(self: Path, **_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))

    output = tmp_path / ("x.csv" if command == "score" else "x.npz")
    argv = [command, "nothing", *(["row:1"] if command == "interpolate" else []), "--output", str(output)]
    assert call(*argv) == 2
    assert "There is no checkpoint 'nothing'" in capsys.readouterr().err  # the checkpoint comes after the output
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(Path, "touch", refuse)
    assert call(*argv) == 2
    assert capsys.readouterr().err == f"python -m vae {command}: {output} can't be written: Permission denied.\n"


def test_closed_checkpoints_give_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VAE_CHECKPOINTS", str(tmp_path / "closed" / "x"))
    _close(tmp_path, monkeypatch)
    for argv in (["list"], ["evaluate", "good"]):
        assert call(*argv) == 2
        err = capsys.readouterr().err
        folder, *command = err.splitlines()  # what is wrong with the folder, and what this command could not do
        assert "(VAE_CHECKPOINTS) can't be read: Permission denied." in folder
        assert len(command) == (argv[0] == "evaluate")


def _close(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders called "closed" can't be looked into: for root, whom no mode keeps out, too."""
    for name in ("stat", "open", "mkdir"):
        plain = getattr(os, name)

        def refusing(path: Any, *rest: Any, _plain: Any = plain, **how: Any) -> Any:
            if isinstance(path, str | Path) and "closed" in Path(path).parent.parts:
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
            return _plain(path, *rest, **how)

        monkeypatch.setattr(os, name, refusing)
    allows = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "closed" and allows(path, mode))
    (tmp_path / "closed").mkdir()
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("as_path", [False, True])
def test_an_output_that_exists_is_refused_before_training(as_path: bool, capsys: pytest.CaptureFixture[str]) -> None:
    path = checkpoint_writing.write(new_checkpoint(), paths.checkpoints_dir() / "taken")
    assert call("train", "--output", str(path) if as_path else "taken") == 2
    err = capsys.readouterr().err
    assert err == f"python -m vae train: {path} already exists. Choose another name, or delete it first.\n"


def test_a_broken_checkpoint_is_one_line_in_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    folder = checkpoint_writing.write(new_checkpoint(), paths.checkpoints_dir() / "broken")
    (folder / checkpoint_files.WEIGHTS).write_bytes(b"")
    for argv in (["evaluate", "broken"], ["encode", "broken"], ["map", "broken", "--method", "pca"]):
        assert call(*argv) == 2
        err = capsys.readouterr().err
        assert "broken: weights.safetensors has 0 bytes, expected 3,040 bytes." in err
        assert err.count("\n") == 1


def test_a_list_without_checkpoints_says_how_to_make_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("list") == 0
    assert "python -m vae train" in capsys.readouterr().out
    assert call("list", "--json") == 0
    assert capsys.readouterr().out == "[]\n"


def test_what_the_terminal_has_no_letter_for_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    new = new_checkpoint()
    titled = dataclasses.replace(new.dataset, title="‖é‖")
    checkpoint_writing.write(dataclasses.replace(new, dataset=titled), paths.checkpoints_dir() / "good")
    written = _terminal(monkeypatch, "cp1252")
    assert call("list") == 0
    assert "\\u2016é\\u2016, mlp, 2-D" in written()


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_json_stays_json_where_letters_are_lacking(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    written = _terminal(monkeypatch, encoding)
    values = {"é": "‖ 😀 \udcff.png"}
    commands.main(["list"])
    common.print_json(values)
    assert json.loads(written().partition("\n")[2]) == values


def test_names_in_messages_steer_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    for argv in (["encode", "good", "--output", "no\x1b[2J\udcff/x.npz"], ["list", "no\x1b[2J\n\udcff/x"]):
        assert call(*argv) == 2
        err = capsys.readouterr().err
        assert "no\\x1b[2J" in err
        assert err.count("\\udcff") == 1
        assert err.count("\n") == 1


def _terminal(monkeypatch: pytest.MonkeyPatch, encoding: str) -> Callable[[], str]:
    """Make standard output one that stops at letters it hasn't; what was written comes back."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, errors="strict", write_through=True)
    monkeypatch.setattr(sys, "stdout", stream)
    return lambda: raw.getvalue().decode(encoding)


@pytest.mark.parametrize(
    ("argv", "code"), [(["list"], 0), (["train", "--latent-dim", "0"], 2), (["evaluate", ".."], 2)]
)
def test_as_a_program(argv: list[str], code: int) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "vae", *argv], capture_output=True, text=True, check=False, cwd=paths.PROJECT
    )
    assert done.returncode == code
    assert done.stderr.count("\n") == (1 if code else 0)
    assert bool(done.stdout) == (code == 0)
