"""A checkpoint whose every text would steer a terminal: no command lets it."""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path

import pytest

from tests.vae.commands.test_arguments import call
from tests.vae.helpers import new_checkpoint
from vae.checkpoints import checkpoint_writing
from vae.checkpoints.checkpoint import Metric
from vae.commands import COMMANDS
from vae.data import datasets
from vae.storage import paths, printing

EVIL = "\x1b]0;owned\x07\x1b[2J\u202e\u2066\x00\x7f\x9b\r!"
CLASSES = tuple(f"{digit}{EVIL}" for digit in range(10))
MORE = {
    "sample": ["--number", "4", "--output", "a.png"],
    "traverse": ["--output", "a.png", "--steps", "3"],
    "interpolate": ["row:0", f"class:{CLASSES[3]}", "--steps", "3", "--output", "a.png"],
    "encode": ["--output", "a.npz"],
    "quality": ["--number", "100"],
    "map": ["--method", "pca"],
    "score": ["--output", "a.csv", "--normal", "all", "--score", "squared_error"],
    "compare": ["--normal", CLASSES[1], "--scores", "squared_error"],
}


@pytest.fixture(autouse=True)
def _planted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    new = new_checkpoint()
    about = {"title": EVIL, "class_names": CLASSES, "preprocessing": EVIL}
    images = datasets.load("digits", "test")
    dataset = dataclasses.replace(new.dataset, **about, test_fingerprint=images.fingerprint)
    planted = dataclasses.replace(
        new, dataset=dataset, command=EVIL, metrics={"elbo": Metric(-1.0, EVIL, EVIL), EVIL: Metric(0.0, EVIL, EVIL)}
    )
    checkpoint_writing.write(planted, paths.checkpoints_dir() / "evil")
    other = dataclasses.replace(planted, dataset=dataclasses.replace(dataset, name=EVIL))
    checkpoint_writing.write(other, paths.checkpoints_dir() / "unknown")


def options(command: str) -> set[str]:
    parser = argparse.ArgumentParser()
    COMMANDS[command].add_arguments(parser)
    return {name for action in parser._actions for name in (action.option_strings or [action.dest])}


READING = [name for name in COMMANDS if name == "list" or "checkpoint" in options(name)]


def test_there_are_commands_that_read_checkpoints() -> None:
    assert {"list", "evaluate", *MORE} <= set(READING)


def clean(text: str) -> bool:
    """A bar goes back with \\r, and to nothing else."""
    return printing.visible(text, printing.LINES + printing.BAR) == text


@pytest.mark.parametrize("command", READING)
def test_no_text_of_a_checkpoint_steers_the_terminal(
    command: str, capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_json = [["--json"]] if "--json" in options(command) else []
    for name in ["evil", "unknown"] if command != "list" else [None]:
        refused = name == "unknown" or command == "compare"  # which finds no images of such a class
        for more in [[], *(as_json if name != "unknown" else [])]:
            (here := tmp_path / f"{name}-{len(more)}").mkdir()
            monkeypatch.chdir(here)  # where `export` writes
            argv = [command, *([name] if name else []), *MORE.get(command, []), *more]
            code = call(*argv)
            out, err = capfd.readouterr()
            assert code == 0 or (code == 2 and refused), err
            assert clean(out), ascii(out)
            assert clean(err), ascii(err)
            assert "Traceback" not in err
            if more and code == 0:
                json.loads(out)


def test_json_gives_the_text_back(capfd: pytest.CaptureFixture[str]) -> None:
    assert call("list", "--json") == 0
    found = {row["name"]: row for row in json.loads(capfd.readouterr().out)}
    assert (found["evil"]["dataset"], found["unknown"]["dataset"]) == ("digits", EVIL)
