"""Jobs that wait: in what order they start, what can't hold them up, that they cost nothing. No process is started."""

from __future__ import annotations

import contextlib
import inspect
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from vae.errors import JobError
from vae.jobs import processes, queue, starting, stopping, waiting
from vae.storage import paths
from vae.storage.files import write_atomically

ALIVE = {"runner": asdict(processes.mark(os.getpid()))}
DEAD = {"runner": ALIVE["runner"] | {"start": 1.0}}
FUTURE = "20990101-000000-000-abcdef"
IN_2099 = 4_070_908_800.0


@pytest.fixture(autouse=True)
def _own_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_RUNS", str(tmp_path / "runs"))


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The jobs whose runner was started, in order; this process stands for each runner."""
    made: list[str] = []
    sleeper = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)

    def start(folder: Path, log: object, state: object) -> starting.RunnerProcess:
        made.append(folder.name)
        return starting.RunnerProcess(sleeper, processes.mark(os.getpid()))

    monkeypatch.setattr(starting, "start_runner", start)
    yield made
    sleeper.kill()
    sleeper.communicate()


def submit(title: str, lane: str = "compute") -> str:
    return queue.submit("train", title, ["train"], lane=lane).id


def end(job_id: str, state: dict[str, object] | None = None) -> None:
    (paths.runs_dir() / job_id / "state.json").write_text(json.dumps(state or {"state": "done"}))


def plant(job_id: str, created: float, **contents: object) -> Path:
    folder = paths.runs_dir() / job_id
    folder.mkdir(parents=True)
    about = {"kind": "train", "title": "planted", "lane": "compute", "arguments": [], "created": created}
    for name, values in ({"job": about} | contents).items():
        (folder / f"{name}.json").write_text(json.dumps(values))
    return folder


def states() -> dict[str, str]:
    return {job.title: job.state for job in queue.all_jobs()}


def test_a_job_that_waits_has_no_process(started: list[str]) -> None:
    first, *others = [submit(title) for title in "abcde"]
    assert states() == {"a": "running"} | dict.fromkeys("bcde", "queued")
    assert started == [first]
    assert [queue.get(job_id).turn for job_id in others] == [0, 1, 2, 3]
    assert all("runner" not in json.loads((paths.runs_dir() / i / "state.json").read_text()) for i in others)


def test_each_end_starts_the_next_of_its_lane(started: list[str]) -> None:
    a, b, c, d = submit("a"), submit("b"), submit("c", lane="network"), submit("d")
    assert started == [a, c]
    end(a)
    queue.nudge()
    queue.nudge()
    assert started == [a, c, b]
    end(b, {"state": "running"} | DEAD)  # killed: whoever looks next goes on
    queue.nudge()
    assert started == [a, c, b, d]
    assert states() == {"a": "done", "b": "died", "c": "running", "d": "running"}
    assert waiting.ids() == []


def test_the_clock_does_not_change_the_order(started: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    made, now = [submit("a")], time.time
    for moved in (3e9 - now(), -1e9, 0.0, -5e8):
        monkeypatch.setattr(time, "time", lambda moved=moved: now() + moved)
        made.append(submit("later"))
    for done in range(5):
        assert started == made[: done + 1]
        end(made[done])
        queue.nudge()


@pytest.mark.parametrize(
    "contents",
    [
        {},  # killed before its runner reported
        {"state": {"state": "queued", "restarted": IN_2099}},
        {"state": {"state": "queued"} | DEAD},
        {"state": {"state": "running", "started": IN_2099} | DEAD},
        {"state": {"state": "queued", "environment": {}}},  # copied from elsewhere: it is not on the list
    ],
)
def test_a_dead_job_of_the_future_holds_nobody_up(contents: dict[str, object], started: list[str]) -> None:
    folder = plant(FUTURE, IN_2099, **contents)
    assert queue.get(FUTURE).state == "died"
    assert started == [submit("a")]
    queue.stop(FUTURE)
    queue.delete(FUTURE)
    assert not folder.exists()


def test_a_runner_of_before_the_list_still_waits_by_itself(started: list[str]) -> None:
    plant("20260101-000000-000-abcdef", time.time(), state={"state": "queued"} | ALIVE)
    plant("20260101-000000-001-abcdef", time.time())  # has not reported yet
    assert started == [submit("a")]
    assert states() == {"planted": "queued", "a": "running"}


@pytest.mark.parametrize("damage", ["[", "[]", "{}", '{"waiting": 3}', '{"waiting": [1, null, "../x", "nobody"]}'])
def test_a_damaged_list_starts_nothing_and_stops_nothing(damage: str, started: list[str]) -> None:
    a, b = submit("a"), submit("b")
    (paths.runs_dir() / waiting.LIST).write_text(damage)
    assert states() == {"a": "running", "b": "died"}
    queue.nudge()
    assert started == [a]
    end(a)
    queue.restart(b)
    assert started == [a, b]
    queue.restart(a)
    assert waiting.ids() == [a]


def test_too_many_are_refused(started: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "MOST", 2)
    made = [submit(title) for title in "abc"]
    with pytest.raises(JobError, match=r"2 jobs wait already, expected at most 2\. Wait until one has ended"):
        submit("d")
    submit("e", lane="network")
    queue.stop(made[1])
    submit("f")
    assert states() == {"a": "running", "b": "stopped", "c": "queued", "e": "running", "f": "queued"}


def test_a_job_that_waits_is_stopped_and_deleted_at_once(started: list[str]) -> None:
    submit("a")
    stopped, deleted, last = submit("b"), submit("c"), submit("d")
    queue.stop(stopped)
    assert (queue.get(stopped).state, queue.get(stopped).started) == ("stopped", None)
    queue.delete(deleted)
    queue.delete(stopped)
    assert states() == {"a": "running", "d": "queued"}
    queue.nudge()
    assert waiting.ids() == [last]


def test_a_damaged_folder_can_be_deleted() -> None:
    folder = plant(FUTURE, 0.0, job="{cut off")
    queue.delete(FUTURE)
    assert not folder.exists()
    elsewhere = plant("20260101-000000-000-abcdef", 0.0).rename(paths.runs_dir() / "elsewhere")
    folder.symlink_to(elsewhere)
    queue.delete(FUTURE)
    assert (folder.is_symlink(), elsewhere.is_dir()) == (False, True)


def test_who_is_restarted_waits_behind_the_others(started: list[str]) -> None:
    a, b, c = submit("a"), submit("b"), submit("c")
    end(a)
    queue.nudge()
    queue.restart(a)
    assert waiting.ids() == [c, a]
    assert started == [a, b]
    with pytest.raises(JobError, match=r"is queued\. It need not"):
        queue.restart(a)


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_a_log_that_is_no_file_is_left_alone(kind: str, started: list[str], tmp_path: Path) -> None:
    a, b, c = submit("a"), submit("b"), submit("c")
    log, victim = paths.runs_dir() / b / "log.txt", tmp_path / "victim"
    victim.write_text("mine")
    {"link": lambda: log.symlink_to(victim), "pipe": lambda: os.mkfifo(log), "folder": log.mkdir}[kind]()
    end(a)
    queue.nudge()
    assert started == [a, c]
    assert queue.get(b).state == "failed"
    assert "log.txt can't be written" in queue.get(b).reason
    assert victim.read_text() == "mine"


def test_a_job_is_started_with_the_settings_of_who_asked_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[dict[str, str]] = []

    class Fake:
        pid = os.getpid()

        def __init__(self, command: list[str], *, env: dict[str, str], **more: object) -> None:
            given.append(env)

    monkeypatch.setattr(subprocess, "Popen", Fake)
    monkeypatch.setenv("VAE_DATA", "/of/a")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    a = submit("a")
    submit("b")
    monkeypatch.setenv("VAE_DATA", "/of/another")
    monkeypatch.setenv("VAE_ODD", "x")
    monkeypatch.setenv(stopping.RUNNER, "17")
    monkeypatch.delenv("OMP_NUM_THREADS")
    end(a)
    queue.nudge()
    assert [env["VAE_DATA"] for env in given] == ["/of/a", "/of/a"]
    assert [env["OMP_NUM_THREADS"] for env in given] == ["3", "3"]
    assert "VAE_ODD" not in given[1]
    assert stopping.RUNNER not in given[1]
    assert given[1]["PATH"] == os.environ["PATH"]


def test_settings_in_a_run_folder_are_settings_only(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[dict[str, str]] = []

    def popen(*_: object, env: dict[str, str], **more: object) -> object:
        given.append(env)
        raise OSError("enough")

    monkeypatch.setattr(subprocess, "Popen", popen)
    asked = {"LD_PRELOAD": "x", "VAE_DATA": 3, stopping.RUNNER: "1", "VAE_A=B": "x", "VAE_NUL": "\0"}
    with pytest.raises(OSError, match="enough"), Path(os.devnull).open("wb") as log:
        starting.start_runner(Path("x"), log, {"environment": asked})
    found = {name: given[0].get(name) for name in asked}
    assert found == dict.fromkeys(asked) | {"LD_PRELOAD": os.environ.get("LD_PRELOAD"), "VAE_DATA": "3"}


def test_a_process_that_can_not_be_started_leaves_no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(starting, "start_runner", refuse)
    with pytest.raises(JobError, match="can't be started: Resource temporarily"):
        submit("a")
    assert states() == {}


def test_a_full_disk_starts_nothing(started: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = submit("a"), submit("b")
    end(a)
    with monkeypatch.context() as patch:

        def refuse(*_: object) -> None:
            raise OSError(28, "No space left on device")

        patch.setattr(queue, "write_atomically", refuse)
        queue.nudge()
    assert (started, queue.get(b).state) == ([a], "queued")
    queue.nudge()
    assert started == [a, b]


def test_who_has_the_queue_is_waited_for_but_not_for_ever(started: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspect.unwrap(waiting.changing), "__defaults__", (0.05,))
    a, b = submit("a"), submit("b")
    end(a)
    with FileLock(paths.runs_dir() / waiting.LOCK):
        queue.nudge()
        with pytest.raises(JobError, match="Another process is changing the queue"):
            submit("c")
        assert (started, states()) == ([a], {"a": "done", "b": "queued"})
    queue.nudge()
    assert started == [a, b]


class Killed(BaseException):
    """In the place of SIGKILL: nothing catches it."""


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", range(16))
def test_a_kill_between_any_two_steps_freezes_nothing(
    step: int, late: bool, started: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever submits, ends, restarts or deletes is killed at one of its writes; the next one who looks goes on."""
    steps = [0]

    def deadly(real: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any) -> Any:
            steps[0] += 1
            if steps[0] == step + 1 and not late:
                raise Killed
            result = real(*arguments)
            if steps[0] == step + 1:
                raise Killed
            return result

        return wrapped

    made = [submit("a")]
    with monkeypatch.context() as patch, contextlib.suppress(Killed):
        for module, name in ((queue, "write_atomically"), (waiting, "write_atomically"), (starting, "start_runner")):
            patch.setattr(module, name, deadly(getattr(module, name)))
        made += [submit("b"), submit("c")]
        end(made[0])
        queue.nudge()
        queue.stop(made[1])
        queue.restart(made[0])
        queue.delete(made[2])
    finish_all()
    last = submit("last")
    assert started[-1] == last
    end(last)
    for job in queue.all_jobs():
        queue.delete(job.id)
    assert (queue.all_jobs(), waiting.ids()) == ([], [])


def finish_all() -> None:
    """Look, and end what runs, until nothing is active. Fails when that never comes."""
    for _ in range(10):
        queue.nudge()
        for job in (job for job in queue.all_jobs() if job.state == "running"):
            end(job.id)
    assert not [job for job in queue.all_jobs() if job.active]


def test_several_that_look_at_once_start_one(started: list[str]) -> None:
    made = [submit(title) for title in "abc"]
    end(made[0])
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: queue.start_waiting(), range(8)))
    assert started == made[:2]


@pytest.mark.parametrize("leave", [queue.stop, queue.delete])
def test_a_waiting_job_whose_folder_cant_be_written_still_leaves_the_list(
    leave: Callable[[str], None], started: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, c = submit("a"), submit("b"), submit("c")

    def refuse(path: Path, content: bytes) -> None:
        if b in path.parts:
            raise PermissionError(13, "Permission denied", str(path))
        write_atomically(path, content)

    monkeypatch.setattr(queue, "write_atomically", refuse)
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)
    with contextlib.suppress(JobError):  # told that the folder is still there
        leave(b)
    assert waiting.ids() == [c]
    assert not queue.get(b).active
    end(a)
    queue.nudge()
    assert started == [a, c]


def test_a_command_whose_runner_left_no_word_of_it_is_found(started: list[str]) -> None:
    """The runner was killed when it had started its command and had not yet noted that."""
    a, b = submit("a"), submit("b")
    end(a, {"state": "running"} | DEAD)
    (paths.runs_dir() / a / "progress.json").write_text(json.dumps({"process": ALIVE["runner"], "stage": "training"}))
    queue.nudge()
    assert (states(), started) == ({"a": "running", "b": "queued"}, [a])
    queue.stop(a)
    assert queue.get(a).stopping
    (paths.runs_dir() / a / "progress.json").write_text(json.dumps({"process": DEAD["runner"]}))
    queue.nudge()
    assert (states(), started) == ({"a": "died", "b": "running"}, [a, b])
    queue.delete(a)


def test_nothing_waits_where_there_is_no_folder() -> None:
    queue.nudge()
    assert not paths.runs_dir().exists()
    submit_folder = queue.begin("train", "a", [], {}, {"state": "done"})
    shutil.rmtree(submit_folder)
    assert queue.all_jobs() == []
