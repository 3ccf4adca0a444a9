"""Jobs as real processes: they queue, stop, fail and die, and are told apart."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import BinaryIO

import psutil
import pytest

from tests import runs
from vae.checkpoints import checkpoint_files
from vae.errors import JobError
from vae.jobs import processes, queue, runner, starting
from vae.jobs.job import ACTIVE, LONGEST_NAME, LONGEST_TEXT, Job, log_tail
from vae.storage import paths

TINY_NET = ["--dataset", "digits", "--hidden", "8", "--batch-size", "1000"]


def train(name: str, epochs: int) -> list[str]:
    return ["train", *TINY_NET, "--epochs", str(epochs), "--output", str(paths.checkpoints_dir() / name)]


def wait_until(reached: Callable[[], bool], seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, [(j.title, j.state, j.progress, log_tail(j)) for j in queue.all_jobs()]
        time.sleep(0.05)


def living(job: Job) -> list[psutil.Process]:
    state = json.loads((job.folder / "state.json").read_text())
    marks = [state.get(who) for who in ("runner", "child")]
    return [psutil.Process(m["pid"]) for m in marks if processes.is_alive(m)]


def _has_begun(job: Job) -> bool:
    return not job.active or (job.folder / "state.json").is_file()


@pytest.fixture(autouse=True)
def _no_process_is_left() -> Iterator[None]:
    yield
    for job in (j for j in queue.all_jobs() if j.title != "planted"):
        wait_until(partial(_has_begun, job))
        for process in living(job) if job.active else []:
            process.kill()
            process.wait(10)


def test_jobs_queue_and_end_as_their_commands_do() -> None:
    """Two jobs of one lane, at once: one runs after the other; one is done, one fails with its last words."""
    first = queue.submit("train", "a tiny one", train("tiny", epochs=1))
    second = queue.submit("train", "an impossible one", ["train", "--dataset", "cats"])
    seen: set[tuple[str, str]] = set()

    def both_ended() -> bool:
        states = (queue.get(first.id).state, queue.get(second.id).state)
        seen.add(states)
        return not any(state in ACTIVE for state in states)

    wait_until(both_ended)
    first, second = queue.get(first.id), queue.get(second.id)
    assert [job.id for job in queue.all_jobs()] == [first.id, second.id]
    assert ("running", "queued") in seen
    assert ("running", "running") not in seen
    assert first.ended <= second.started
    assert (first.state, first.title, first.progress["finished"]) == ("done", "a tiny one", True)
    assert checkpoint_files.read("tiny").metrics["epochs_trained"].value == 1
    assert second.state == "failed"
    assert (
        second.reason == "python -m vae train: Unknown data set 'cats'. Known ones: digits, mnist, shapes, shapes-64."
    )


def test_jobs_that_are_made_at_once_keep_their_order() -> None:
    made = [queue.begin("train", "planted", [], {}, {"state": "done"}).name for _ in range(100)]
    assert made == sorted(made)
    assert [job.id for job in queue.all_jobs()] == made


def test_stopping_keeps_the_last_finished_epoch() -> None:
    job = queue.submit("train", "a long one", train("long", epochs=100_000))
    wait_until(lambda: (queue.get(job.id).progress or {}).get("epoch", 0) >= 1)
    queue.stop(job.id)
    wait_until(lambda: not queue.get(job.id).active)
    job, kept = queue.get(job.id), checkpoint_files.read("long")
    assert (job.state, job.progress["finished"]) == ("stopped", True)
    assert f"kept epoch {len(kept.history)} of 100000" in job.progress["message"]
    assert 1 <= kept.metrics["epochs_trained"].value == len(kept.history) < 100_000
    assert list(kept.maps) == ["pca"]  # nobody who stops wants to wait for t-SNE


def test_a_killed_job_is_noticed_and_one_that_waits_can_be_stopped() -> None:
    job = queue.submit("train", "a doomed one", train("doomed", epochs=100_000))
    waiting = queue.submit("train", "a waiting one", train("waiting", epochs=1))
    wait_until(lambda: queue.get(job.id).state == "running" and (waiting.folder / "state.json").is_file())
    with pytest.raises(JobError, match=f"Job {job.id} is running. Stop it first"):
        queue.delete(job.id)
    queue.stop(waiting.id)
    wait_until(lambda: not queue.get(waiting.id).active)
    assert (queue.get(waiting.id).state, queue.get(waiting.id).started) == ("stopped", None)
    for process in living(job):
        process.kill()
    wait_until(lambda: not queue.get(job.id).active)
    assert queue.get(job.id).state == "died"
    assert "ended without a word" in queue.get(job.id).reason
    queue.delete(job.id)
    with pytest.raises(JobError, match="There is no job"):
        queue.get(job.id)
    assert not job.folder.exists()
    assert checkpoint_files.summaries() == []


# --- run folders, planted ---------------------------------------------------------------------------------------------

ID = "20260101-000000-000-abcdef"
ALIVE = {"runner": asdict(processes.mark(os.getpid()))}
DEAD = {"runner": ALIVE["runner"] | {"start": 1.0}}  # its number went to another process


def plant(folder_name: str = ID, age: float = 0.0, **contents: object) -> Path:
    folder = paths.runs_dir() / folder_name
    folder.mkdir(parents=True)
    about = {"kind": "train", "title": "planted", "lane": "compute", "arguments": [], "created": time.time() - age}
    for name, values in ({"job": about} | contents).items():
        (folder / f"{name}.json").write_text(values if isinstance(values, str) else json.dumps(values))
    return folder


@pytest.mark.parametrize(
    ("age", "contents", "expected"),
    [
        (0, {}, "queued"),  # its runner is about to report
        (60, {}, "died"),  # its runner never will
        (60, {"state": {"state": "queued"} | ALIVE}, "queued"),
        (60, {"state": {"state": "running"} | ALIVE}, "running"),
        (60, {"state": {"state": "running"} | DEAD}, "died"),
        (60, {"state": {"state": "running", "child": ALIVE["runner"]} | DEAD}, "running"),
        (60, {"state": {"state": "running"} | DEAD, "progress": {"finished": True}}, "done"),
        (60, {"state": {"state": "done"} | DEAD}, "done"),
        (60, {"state": {"state": "running"} | ALIVE, "progress": "{cut off"}, "running"),
    ],
)
def test_the_state_is_what_the_processes_say(age: float, contents: dict[str, object], expected: str) -> None:
    plant(age=age, **contents)
    job = queue.get(ID)
    assert job.state == expected
    assert job.active == (expected in ("queued", "running"))


@pytest.mark.parametrize("bad", ["../x", "..", "", "x", ID + "/..", f"../runs/{ID}", ID + "\n", ID[:-1]])
def test_bad_ids_are_refused(bad: str) -> None:
    plant()
    for ask in (queue.get, queue.stop, queue.delete):
        with pytest.raises(JobError, match="There is no job"):
            ask(bad)
    assert queue.get(ID).folder.is_dir()


def test_a_damaged_folder_hides_no_other_job() -> None:
    plant()
    plant("20260101-000000-001-abcdef", job="{cut off")
    plant("notes")
    assert [job.id for job in queue.all_jobs()] == [ID]
    with pytest.raises(JobError, match="is damaged"):
        queue.get("20260101-000000-001-abcdef")


@pytest.mark.parametrize(
    "about",
    [
        [],
        {},
        {"created": None, "arguments": []},
        {"created": "now", "arguments": []},
        {"created": 1e300, "arguments": []},
        {"created": float("nan"), "arguments": []},
        {"created": 10**400, "arguments": []},
        {"created": 1.0, "arguments": None},
        {"created": 1.0, "arguments": "train"},
        "[" * 100_000,
    ],
)
def test_a_job_that_somebody_wrote_by_hand_hides_no_other(about: object) -> None:
    plant()
    plant("20260101-000000-001-abcdef", job=about)
    assert [job.id for job in queue.all_jobs()] == [ID]


def test_times_that_are_none_are_left_out() -> None:
    plant(state={"state": "done", "started": "x", "ended": [1]})
    assert (queue.get(ID).started, queue.get(ID).ended) == (None, None)


def test_stopping_an_ended_job_changes_nothing() -> None:
    folder = plant(state={"state": "done"})
    queue.stop(ID)
    assert not (folder / "stop").exists()
    queue.delete(ID)
    assert queue.all_jobs() == []


def test_the_log_ends_with_what_was_last_seen_of_each_line() -> None:
    folder = plant()
    assert log_tail(queue.get(ID)) == ""
    (folder / "log.txt").write_text("x" * 9_000 + "".join(f"\nline {i}" for i in range(20)) + "\n10%\r100%\n")
    assert log_tail(queue.get(ID), 3) == "line 18\nline 19\n100%"
    (folder / "log.txt").write_text("\x1b]0;owned\x07\ta\n\u202eb\r\n")
    assert log_tail(queue.get(ID)) == "\\x1b]0;owned\\x07\ta\n\\u202eb"


def test_a_job_that_cant_be_started_leaves_nothing() -> None:
    paths.runs_dir().write_text("a file where the folder should be")
    with pytest.raises(JobError, match="can't be started"):
        queue.submit("list", "x", ["list"])
    assert queue.all_jobs() == []


# --- the runner, in this process --------------------------------------------------------------------------------------


STUBBORN = """
import json, pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
path = pathlib.Path(sys.argv[1], "progress.json")
for step in range(20):
    told = {"stage": "encoding", "fraction": step / 20 if sys.argv[2] == "works" else 0.0, "seconds_left": step}
    path.with_suffix(".new").write_text(json.dumps(told))
    path.with_suffix(".new").replace(path)
    time.sleep(0.15)
"""


@pytest.mark.parametrize(("does", "code"), [("works", 0), ("hangs", -signal.SIGKILL)])
def test_a_command_is_killed_only_when_it_gets_no_further(
    does: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "KILL_AFTER_SECONDS", 1.2)
    folder, ended = plant(), []

    class Fake(runner.Runner):
        def command(self) -> list[str]:
            return [sys.executable, "-c", STUBBORN, str(self.folder), does]

        def _end_with(self, code: int) -> None:
            ended.append(code)
            super()._end_with(code)

    thread = threading.Thread(target=Fake(folder).run)
    thread.start()
    wait_until((folder / "progress.json").is_file)
    queue.stop(ID)
    thread.join(60)
    assert (ended, queue.get(ID).state) == ([code], "stopped" if code == 0 else "failed")
    assert queue.get(ID).reason == ("" if code == 0 else "It was killed (signal 9): out of memory, or by somebody.")


KILLED_AT_ITS_END = """
import json, os, pathlib, signal, sys
pathlib.Path(sys.argv[1], "progress.json").write_text(json.dumps({"stage": "done", "finished": sys.argv[2] == "told"}))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(("said", "state"), [("told", "done"), ("silent", "failed")])
def test_a_command_that_is_killed_after_it_told_its_result_is_done(said: str, state: str) -> None:
    folder = plant()

    class Fake(runner.Runner):
        def command(self) -> list[str]:
            return [sys.executable, "-c", KILLED_AT_ITS_END, str(self.folder), said]

    Fake(folder).run()
    assert queue.get(ID).state == state


TWO_ATTEMPTS = """
import pathlib, sys
from vae.jobs.runner import Runner

STOPPED = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit()); "
STOPPED += "print('Stopped: kept epoch 3 of 400', flush=True); signal.pause()"
KILLED = "import signal; signal.pause()"

class Fake(Runner):
    def command(self):
        first = self.folder / "first"
        return [sys.executable, "-c", KILLED if first.exists() else first.touch() or STOPPED]

Fake(pathlib.Path(sys.argv[1])).run()
"""


def test_the_reason_is_that_of_the_last_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(folder: Path, log: BinaryIO, state: object) -> starting.RunnerProcess:
        command = [sys.executable, "-c", TWO_ATTEMPTS, str(folder)]
        process = subprocess.Popen(command, cwd=paths.PROJECT, stdout=log, stderr=log, start_new_session=True)
        return starting.RunnerProcess(process, processes.mark(process.pid))

    monkeypatch.setattr(starting, "start_runner", start)
    folder = plant(state={"state": "stopped"})
    queue.restart(ID)
    wait_until(lambda: log_tail(queue.get(ID)) == "Stopped: kept epoch 3 of 400")
    queue.stop(ID)
    wait_until(lambda: queue.get(ID).state == "stopped")
    queue.restart(ID)
    wait_until(lambda: "child" in json.loads((folder / "state.json").read_text()))
    os.kill(json.loads((folder / "state.json").read_text())["child"]["pid"], signal.SIGKILL)
    wait_until(lambda: not queue.get(ID).active)
    assert (queue.get(ID).state, queue.get(ID).reason) == (
        "failed",
        "It was killed (signal 9): out of memory, or by somebody.",
    )


def test_texts_of_a_stranger_are_cut() -> None:
    job_id = runs.plant("done", ["train"], {"stage": "x" * 10**6, "epoch": 3}, title="y" * 10**6)
    job = queue.get(job_id)
    assert (len(job.title), job.progress) == (LONGEST_NAME, {"stage": "x" * LONGEST_TEXT, "epoch": 3})
