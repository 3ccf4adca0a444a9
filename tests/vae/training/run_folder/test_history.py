"""history.csv: what was written is read, what is damaged or half-written is left out."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest

from vae.training.run_folder import history

ROWS: list[history.EpochRow] = [
    {"epoch": 1, "train_elbo": -40.123456789012345, "kl_0": 1e-12, "learning_rate": 8e-05},
    {"epoch": 2, "train_elbo": -1 / 3, "kl_0": 2.5, "learning_rate": 0.002},
    {"epoch": 3, "train_elbo": 812.5, "kl_0": 1e20, "learning_rate": 1e-8},
]


def append_text(folder: Path, text: str) -> None:
    with (folder / history.FILE).open("a") as file:
        file.write(text)


def test_rows_come_back_to_the_last_digit(tmp_path: Path) -> None:
    for i, row in enumerate(ROWS, 1):
        history.append(tmp_path, row)
        assert history.read(tmp_path) == ROWS[:i]
    assert list(history.read(tmp_path)[0]) == list(ROWS[0])  # columns in order


def test_the_header_is_written_once_and_any_csv_reader_understands_it(tmp_path: Path) -> None:
    history.write(tmp_path, [])
    for row in ROWS:
        history.append(tmp_path, row)
    with (tmp_path / history.FILE).open(newline="") as file:
        found = list(csv.DictReader(file))
    assert [float(row["train_elbo"]) for row in found] == [row["train_elbo"] for row in ROWS]
    assert [row["epoch"] for row in found] == ["1", "2", "3"]


def test_a_resumed_run_rewrites_and_goes_on(tmp_path: Path) -> None:
    history.write(tmp_path, ROWS)
    append_text(tmp_path, "4,-1.0")  # the machine went down here
    history.write(tmp_path, ROWS[:2])
    assert history.read(tmp_path) == ROWS[:2]
    history.append(tmp_path, ROWS[2])
    assert history.read(tmp_path) == ROWS
    assert [path.name for path in tmp_path.iterdir()] == [history.FILE]  # nothing half-written lies beside it


def test_there_is_no_history_where_there_is_no_file_or_an_empty_one(tmp_path: Path) -> None:
    assert history.read(tmp_path) == []
    assert history.read(tmp_path / "nowhere") == []
    history.write(tmp_path, [])
    assert history.read(tmp_path) == []


def test_a_row_that_is_being_written_is_left_out(tmp_path: Path) -> None:
    history.write(tmp_path, ROWS[:1])
    start = len((tmp_path / history.FILE).read_text())
    history.append(tmp_path, ROWS[1])
    text = (tmp_path / history.FILE).read_text()
    for end in range(start, len(text)):
        (tmp_path / history.FILE).write_text(text[:end])
        assert history.read(tmp_path) == ROWS[:1], text[start:end]  # "4,-1" of "4,-123" is no row
    (tmp_path / history.FILE).write_text(text)
    assert history.read(tmp_path) == ROWS[:2]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_row_that_holds_no_finite_number_is_left_out(tmp_path: Path, value: float) -> None:
    history.write(tmp_path, [ROWS[0], ROWS[1] | {"train_elbo": value}, ROWS[2]])
    assert history.read(tmp_path) == [ROWS[0], ROWS[2]]


@pytest.mark.parametrize("line", ["", "2,-1.0,2.0", "2,-1.0,2.0,3.0,4.0", "2,x,2.0,3.0", "2,,2.0,3.0", ",,,", "\x00"])
def test_a_damaged_line_costs_that_line_alone(tmp_path: Path, line: str) -> None:
    history.write(tmp_path, ROWS[:1])
    append_text(tmp_path, line + "\n")
    history.append(tmp_path, ROWS[2])
    assert history.read(tmp_path) == [ROWS[0], ROWS[2]]


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe\n\x80\n",
        bytes(range(256)) * 10,
        b"\n\n\n",
        b"epoch\rkl\n1\n",
        b"x" * 200_000 + b"\n1\n",
        b'"open\n1\n',
    ],
)
def test_a_file_of_garbage_is_no_history(tmp_path: Path, content: bytes) -> None:
    (tmp_path / history.FILE).write_bytes(content)
    assert history.read(tmp_path) == []
