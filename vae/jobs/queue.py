"""Long work as detached child processes: they outlive a page, a tab and the app.

Each job is a run folder (job.py). A job that waits has no process: it is on a list (waiting.py). `start_waiting` starts
those that have a place now; whoever submits, stops or ends a job calls it, and every page that shows a queued one. So
there is no server that somebody has to start and watch, and a runner that was killed is noticed by whoever looks next.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vae.errors import JobError
from vae.jobs import starting, waiting
from vae.jobs.job import Job, log_size, read, read_values
from vae.storage import kinds, paths, probe
from vae.storage.files import new_folder, write_atomically

PLACES = {"compute": 1, "network": 2, "trial": 1, "import": 1}  # how many jobs of a lane run at a time
_one_at_a_time = threading.Lock()
ID_PATTERN = re.compile(r"\d{8}-\d{6}-\d{3}-[0-9a-f]{6}")


def submit(
    kind: str, title: str, arguments: list[str], lane: str = "compute", files: Mapping[str, bytes] | None = None
) -> Job:
    """Queue `python -m vae <arguments> --run-folder …` behind the jobs of its lane; it starts when a place is free.

    `files`, by name, are in the run folder for the command to read.

    Raises
    ------
    JobError
        When too many jobs wait already, the run folder can't be written or the process can't be started.
    """
    folder = _free_folder()
    with _explained(folder):
        with waiting.changing():
            jobs = all_jobs()
            _check_room(lane, jobs)
            waiting.write([*waiting.ids(), folder.name])  # a name without a folder is passed over
            _make(folder, _About(kind, title, lane, arguments), files or {}, _queued())
        try:
            start_waiting()
        except JobError:
            if get(folder.name).state == "queued":
                shutil.rmtree(folder, ignore_errors=True)
                raise
    return get(folder.name)


def begin(kind: str, title: str, arguments: list[str], files: Mapping[str, bytes], state: Mapping[str, Any]) -> Path:
    """The run folder of a job that this process does at once, in `state`. Raises JobError when it can't be written."""
    folder = _free_folder()
    with _explained(folder):
        _make(folder, _About(kind, title, "compute", arguments), files, state)
    return folder


def restart(job_id: str) -> Job:
    """Queue an ended job again, in the same run folder: a training goes on after its last finished epoch.

    Raises JobError for an unknown or active job, when too many wait, and when its folder can't be written.
    """
    with _explained(paths.runs_dir()):
        with waiting.changing():
            jobs, job = all_jobs(), get(job_id)
            if job.active:
                raise JobError(f"Job {job_id} is {job.state}.", "It need not be started again.")
            _check_room(job.lane, jobs)
            ready_again(job)
            waiting.write([*(i for i in waiting.ids() if i != job_id), job_id])
            _write_state(job.folder, _queued())
        start_waiting()
    return get(job_id)


def ready_again(job: Job) -> None:
    """Take back what the end of a job left behind, so that it can run again. Raises OSError."""
    (job.folder / "stop").unlink(missing_ok=True)
    kept = {name: value for name, value in (job.progress or {}).items() if name in ("epoch", "epochs", "checkpoint")}
    write_atomically(job.folder / "progress.json", json.dumps(kept).encode())


def start_waiting(patience: float = waiting.PATIENCE_SECONDS) -> None:
    """Start the jobs whose turn it is, and end those that were asked to stop. Costs nearly nothing when none waits.

    Raises JobError when no process can be started, or another process changes the queue for longer than `patience`
    seconds.
    """
    if not waiting.ids():
        return
    with _explained(paths.runs_dir()), waiting.changing(patience):
        listed, jobs = waiting.ids(), {job.id: job for job in all_jobs()}
        running = Counter(job.lane for job in jobs.values() if job.state == "running")
        left = [i for i in listed if i in jobs and jobs[i].state == "queued"]
        for job in [jobs[i] for i in left]:
            if job.stopping:
                _end(job, "stopped")
            elif running[job.lane] < PLACES.get(job.lane, 1) and _start(job):
                running[job.lane] += 1
        states = {i: read_values(jobs[i].folder / "state.json", kinds.STATE) or {} for i in left}
        left = [i for i in left if states[i].get("state") == "queued"]
        if left != listed:
            waiting.write(left)


def nudge() -> None:
    """`start_waiting` for those who come by: when it can't be done now, the next one who looks does it."""
    with suppress(JobError):
        start_waiting(patience=0.0)


def _start(job: Job) -> bool:
    """Start a job's runner; whether it runs now. One whose own folder can't be used holds up no other."""
    asked = read_values(job.folder / "state.json", kinds.STATE) or {}
    try:
        _write_state(job.folder, asked)  # on a full disk nothing starts, and the job waits on
    except OSError:
        return False
    try:
        log = starting.open_log(job.folder)
    except OSError as error:
        _end(job, "failed", reason=f"{job.folder / 'log.txt'} can't be written: {error.strerror or error}.")
        return False
    with log:
        begun = {"state": "running", "started": time.time(), "log_start": log_size(job.folder)}
        runner = starting.start_runner(job.folder, log, asked)
    try:
        _write_state(job.folder, begun | {"runner": asdict(runner.mark)})
    except OSError:  # without its mark nobody could stop it
        runner.end()
        return False
    return True


def _end(job: Job, state: str, reason: str = "") -> None:
    """Record the end of a job that never ran; one that can't be written to stays queued, and holds up no other."""
    with suppress(OSError):
        _write_state(job.folder, {"state": state, "ended": time.time(), "reason": reason})


@dataclass(frozen=True)
class _About:
    """What job.json says."""

    kind: str
    title: str
    lane: str
    arguments: list[str]


def _free_folder() -> Path:
    with _one_at_a_time:
        time.sleep(0.001)  # names have milliseconds: no two of this process are of the same
        now = time.time()
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now)) + f"-{int(now * 1000) % 1000:03d}"
    return paths.runs_dir() / f"{stamp}-{secrets.token_hex(3)}"


def _make(folder: Path, about: _About, files: Mapping[str, bytes], state: Mapping[str, Any]) -> None:
    """A run folder, whole from the start. Raises OSError."""
    with new_folder(folder) as temporary:
        for name, content in files.items():
            (temporary / name).write_bytes(content)
        (temporary / "state.json").write_text(json.dumps(state))
        (temporary / "job.json").write_text(json.dumps(asdict(about) | {"created": time.time()}))


def _queued() -> dict[str, Any]:
    return {"state": "queued", "environment": starting.environment()}


def _write_state(folder: Path, state: Mapping[str, Any]) -> None:
    write_atomically(folder / "state.json", json.dumps(state).encode())


def _check_room(lane: str, jobs: list[Job]) -> None:
    """Raise JobError when as many jobs wait in this lane as may."""
    count = sum(job.state == "queued" and job.lane == lane for job in jobs)
    if count >= waiting.MOST:
        raise JobError(
            f"{count} jobs wait already, expected at most {waiting.MOST}.",
            "Wait until one has ended, or remove some from the queue.",
        )


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise JobError(
            f"The job can't be started: {error.strerror or error} ({error.filename or folder}).",
            "Check that the folder can be written and the disk is not full.",
        ) from error


def get(job_id: str) -> Job:
    """The job with this id. Raises JobError for an unknown one."""
    folder = paths.runs_dir() / job_id
    if not ID_PATTERN.fullmatch(job_id) or not probe.is_there(folder / "job.json"):
        raise JobError(f"There is no job {job_id[:60]!r}.", "It may have been deleted.")
    job = read(folder, waiting.ids())
    if job is None:
        raise JobError(f"The run folder of job {job_id} is damaged.", f"Delete {folder}.")
    return job


def all_jobs() -> list[Job]:
    """Every job with a readable run folder, oldest first."""
    folders = [p for p in probe.entries(paths.runs_dir()) if ID_PATTERN.fullmatch(p.name)]
    listed = waiting.ids()
    return [job for job in (read(folder, listed) for folder in folders) if job is not None]


def stop(job_id: str) -> None:
    """Ask a job to stop. The command keeps what it has finished; it is killed when it gets no further for 20 s.

    Idle jobs are left alone; one that waits is off the list at once. Raises JobError for an unknown job, and when its
    folder can't be written.
    """
    job = get(job_id)
    if not job.active:
        return
    try:
        write_atomically(job.folder / "stop", b"")
    except OSError as error:
        if job.turn >= 0:  # nothing does it, and without a place on the list nothing will
            _forget(job_id)
            return
        raise JobError(f"The job can't be asked to stop: {error.strerror or error} ({job.folder}).") from error
    if job.state == "queued":
        with suppress(JobError):  # whoever looks next ends it
            start_waiting()


def _forget(job_id: str) -> None:
    """Take a job off the list. Raises JobError."""
    with _explained(paths.runs_dir()), waiting.changing():
        waiting.write([i for i in waiting.ids() if i != job_id])


def delete(job_id: str) -> None:
    """Delete the run folder of a job that nothing does, damaged or not. Raises JobError while a process is alive."""
    folder = paths.runs_dir() / job_id
    if not ID_PATTERN.fullmatch(job_id) or not probe.is_there(folder):
        raise JobError(f"There is no job {job_id[:60]!r}.", "It may have been deleted.")
    with _explained_as_kept(folder), waiting.changing():  # or it might be started meanwhile
        job = read(folder, waiting.ids())
        if job is not None and job.active and job.turn < 0:
            raise JobError(f"Job {job_id} is {job.state}.", "Stop it first.")
        if job_id in waiting.ids():
            waiting.write([i for i in waiting.ids() if i != job_id])
        if probe.is_link(folder):
            folder.unlink()
        else:
            shutil.rmtree(folder, ignore_errors=True)
    if probe.is_there(folder):
        raise JobError(f"{folder} can't be deleted.", "Check that it may be written.")


@contextmanager
def _explained_as_kept(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise JobError(f"{folder} can't be deleted: {error.strerror or error}.") from error
