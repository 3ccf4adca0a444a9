"""What a command tells of where it is."""

from __future__ import annotations

import errno
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from vae.jobs import processes, progress
from vae.jobs.progress import Progress
from vae.storage.files import write_atomically


def told(folder: Path) -> dict:
    """What progress.json says, but for which process wrote it."""
    values = json.loads((folder / "progress.json").read_text())
    assert processes.is_alive(values.pop("process"))
    return values


def test_a_stage_begins_without_an_estimate(tmp_path: Path) -> None:
    Progress(tmp_path).stage("training")
    assert told(tmp_path) == {"stage": "training", "fraction": None, "seconds_left": None}


def test_updates_estimate_the_time_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    bar = Progress(tmp_path)
    bar.stage("training")
    now += 30.0
    bar.update(1, 4)
    assert told(tmp_path) == {"stage": "training", "fraction": 0.25, "seconds_left": pytest.approx(90.0)}
    now += 0.1
    bar.update(2, 4)  # too soon after the last: pages don't look that often
    assert told(tmp_path)["fraction"] == 0.25


class Clock:
    """time.monotonic that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture()
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    moved = Clock()
    monkeypatch.setattr(time, "monotonic", moved)
    return moved


def test_quick_epochs_keep_the_estimate_fresh(tmp_path: Path, clock: Clock) -> None:
    """Ten steps and an epoch's report every 0.1 s: neither holds the other back."""
    bar = Progress(tmp_path)
    bar.stage("training")
    for step in range(1, 101):
        clock.now += 0.01
        bar.update(step, 1000)
        if step % 10 == 0:
            bar.note(epoch=step // 10)
    shown = told(tmp_path)
    assert shown["fraction"] == pytest.approx(0.1, abs=0.03)
    assert shown["seconds_left"] == pytest.approx(9.0, abs=0.5)
    assert shown["epoch"] in (8, 9, 10)


def test_notes_are_written_when_they_are_due(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    writes = []
    write = write_atomically
    monkeypatch.setattr(progress, "write_atomically", lambda *a: writes.append(clock.now) or write(*a))
    bar = Progress(tmp_path)
    bar.stage("training")
    for epoch in range(1, 1101):
        clock.now += 0.001
        bar.note(epoch=epoch)
    assert len(writes) <= 5
    assert told(tmp_path)["epoch"] < 1100
    bar.close()
    assert told(tmp_path)["epoch"] == 1100
    assert len(writes) <= 6


@pytest.mark.parametrize("end", [lambda bar: bar.stage("next"), lambda bar: bar.report(x=1), lambda bar: bar.close()])
def test_what_is_pending_is_written_with_the_next_fact(
    end: Callable[[Progress], None], tmp_path: Path, clock: Clock
) -> None:
    bar = Progress(tmp_path)
    bar.stage("training")
    bar.note(epoch=7)
    assert "epoch" not in told(tmp_path)
    end(bar)
    assert told(tmp_path)["epoch"] == 7


def test_a_file_that_takes_long_is_written_less_often(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = []

    def slowly(path: Path, content: bytes) -> None:
        writes.append(clock.now)
        clock.now += 1.0

    monkeypatch.setattr(progress, "write_atomically", slowly)
    bar = Progress(tmp_path)
    bar.stage("training")
    for step in range(90):
        clock.now += 0.1
        bar.update(step, 90)
    assert len(writes) == 1


def test_facts_stay_over_stages(tmp_path: Path) -> None:
    bar = Progress(tmp_path)
    bar.report(epochs=3)
    bar.stage("t-SNE map")
    bar.report(finished=True)
    assert told(tmp_path) == {
        "epochs": 3,
        "stage": "t-SNE map",
        "fraction": None,
        "seconds_left": None,
        "finished": True,
    }


def test_a_terminal_gets_a_bar_and_a_job_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder, quiet in ((tmp_path, None), (None, True), (tmp_path, True)):
        bar = Progress(folder, quiet)
        bar.stage("training")
        bar.update(1, 2)
        bar.close()
        assert capsys.readouterr() == ("", "")
    for folder, shown in ((None, None), (tmp_path, False)):  # the second is a job that a terminal looks at
        bar = Progress(folder, shown)
        bar.stage("training")
        bar.update(2, 2)
        bar.close()
        assert "training: 100%" in capsys.readouterr().err


def test_a_resumed_stage_counts_from_where_it_began(tmp_path: Path) -> None:
    bar = Progress(tmp_path)
    bar.stage("training")
    bar._started -= 10.0
    bar.update(60, 100, begun=50)  # ten of the fifty that were left took ten seconds
    bar.close()
    assert told(tmp_path)["fraction"] == 0.6
    assert told(tmp_path)["seconds_left"] == pytest.approx(40, rel=0.05)


def test_a_full_disk_does_not_end_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(progress, "write_atomically", refuse)
    bar = Progress(tmp_path)
    bar.report(epoch=1)
    bar.report(epoch=2)
    assert capsys.readouterr().err == f"Progress can't be written to {tmp_path}: No space left on device.\n"
