"""What torchrun says of a process: told as it is, or in one sentence what is wrong with it."""

from __future__ import annotations

import pytest

from vae import commands
from vae.errors import ConfigError
from vae.storage import paths
from vae.training import torchrun
from vae.training.torchrun import ProcessPlace

NAMES = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
TWO = {"RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": "1234"}


def set_all(values: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def test_a_process_knows_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all({}, monkeypatch)
    assert torchrun.place() == ProcessPlace() and ProcessPlace().writes
    set_all(TWO | {"LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "1"}, monkeypatch)
    assert torchrun.place() == ProcessPlace(rank=1, count=2, local_rank=0, local_count=1)
    assert not torchrun.place().writes


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"WORLD_SIZE": "abc"}, r"WORLD_SIZE is 'abc', expected a whole number from 1 to 65,536\. torchrun sets it"),
        ({"WORLD_SIZE": ""}, "WORLD_SIZE is '', expected a whole number"),
        ({"WORLD_SIZE": "0"}, "WORLD_SIZE is '0', expected a whole number"),
        ({"WORLD_SIZE": "-1"}, "WORLD_SIZE is '-1', expected a whole number"),
        ({"WORLD_SIZE": "٣"}, "WORLD_SIZE is '٣', expected a whole number"),
        ({"WORLD_SIZE": "2"}, "WORLD_SIZE is 2, but RANK and MASTER_ADDR and MASTER_PORT can't be found"),
        ({"RANK": "x"}, "RANK is 'x', expected 0"),
        ({"RANK": "3"}, "RANK is '3', expected 0"),
        (TWO | {"RANK": "2"}, "RANK is '2', expected a whole number from 0 to 1"),
        (TWO | {"LOCAL_WORLD_SIZE": "3"}, "LOCAL_WORLD_SIZE is '3', expected a whole number from 1 to 2"),
        (TWO | {"LOCAL_RANK": "1e9"}, "LOCAL_RANK is '1e9', expected 0"),
    ],
)
def test_what_makes_no_sense_is_told(values: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(values, monkeypatch)
    with pytest.raises(ConfigError, match=message):
        torchrun.place()


def test_train_tells_it_in_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    set_all({"WORLD_SIZE": "abc"}, monkeypatch)
    assert commands.main(["train", "--dataset", "digits", "--output", "never"]) == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.count("\n") == 1 and "train: WORLD_SIZE is 'abc', expected" in told.err
    assert not (paths.checkpoints_dir() / "never").exists()
