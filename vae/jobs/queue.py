"""Long work as detached child processes: they outlive a page, a tab and the app.

Each job is a run folder:

    job.json        what it is: id, kind, title, lane, command line; some kinds have files of their own beside it
    state.json      written by its runner (`python -m vae.jobs.runner FOLDER`): queued, running, done, stopped or failed
    progress.json   written by the command itself (progress.py): stage, fraction, seconds left, result
    log.txt         what the command printed

runner.py queues them and runs them. A process counts as alive when its id and its start both match (processes.py), so
an id that the system gave to another process deceives nobody.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vae.errors import JobError
from vae.jobs.processes import is_alive
from vae.storage import paths
from vae.storage.files import write_atomically

PLACES = {"compute": 1, "network": 2, "trial": 1}  # how many jobs of a lane run at a time
START_GRACE_SECONDS = 20.0  # a runner that has not reported by then never will
LOG_TAIL_LINES = 8
_one_at_a_time = threading.Lock()
ID_PATTERN = re.compile(r"\d{8}-\d{6}-\d{3}-[0-9a-f]{6}")
LOCK = "runner.lock"
ACTIVE = ("queued", "running")


@dataclass(frozen=True)
class Job:
    """One job as it is now. state: queued, running, done, stopped, failed or died; times are seconds since 1970."""

    id: str
    kind: str
    title: str
    lane: str
    state: str
    folder: Path
    created: float
    started: float | None = None
    ended: float | None = None
    progress: dict[str, Any] | None = None
    reason: str = ""
    arguments: tuple[str, ...] = ()

    @property
    def active(self) -> bool:
        """Waiting or running."""
        return self.state in ACTIVE

    @property
    def stopping(self) -> bool:
        """Asked to stop, and not yet ended."""
        return self.active and (self.folder / "stop").exists()


def submit(
    kind: str, title: str, arguments: list[str], lane: str = "compute", files: Mapping[str, bytes] | None = None
) -> Job:
    """Start `python -m vae <arguments> --run-folder …` detached, behind the jobs of its lane.

    `files`, by name, are in the run folder for the command to read.

    Raises
    ------
    JobError
        When the run folder can't be written or the process can't be started.
    """
    folder = new_folder(kind, title, arguments, lane, files)
    try:
        _start_runner(folder)
    except JobError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return get(folder.name)


def new_folder(
    kind: str, title: str, arguments: list[str], lane: str, files: Mapping[str, bytes] | None = None
) -> Path:
    """A run folder that says what its job is, with `files` in it. Raises JobError when it can't be written."""
    with _one_at_a_time:
        time.sleep(0.001)  # names have milliseconds, and say whose turn it is: no two of this process are of the same
        now = time.time()
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now)) + f"-{int(now * 1000) % 1000:03d}"
    folder = paths.runs_dir() / f"{stamp}-{secrets.token_hex(3)}"
    about = {"kind": kind, "title": title, "lane": lane, "arguments": arguments, "created": now}
    with _explained(folder):
        folder.mkdir(parents=True)
        for name, content in (files or {}).items():
            write_atomically(folder / name, content)
        write_atomically(folder / "job.json", json.dumps(about).encode())
    return folder


def restart(job_id: str) -> Job:
    """Queue an ended job again, in the same run folder: a training goes on after its last finished epoch.

    Raises JobError for an unknown or active job, and when its folder can't be written.
    """
    job = get(job_id)
    if job.active:
        raise JobError(f"Job {job_id} is {job.state}.", "It need not be started again.")
    with _explained(job.folder):
        ready_again(job)
        write_atomically(job.folder / "state.json", json.dumps({"state": "queued", "restarted": time.time()}).encode())
    _start_runner(job.folder)
    return get(job_id)


def ready_again(job: Job) -> None:
    """Take back what the end of a job left behind, so that it can run again. Raises OSError."""
    (job.folder / "stop").unlink(missing_ok=True)
    kept = {name: value for name, value in (job.progress or {}).items() if name in ("epoch", "epochs", "checkpoint")}
    write_atomically(job.folder / "progress.json", json.dumps(kept).encode())


def _start_runner(folder: Path) -> None:
    with _explained(folder), (folder / "log.txt").open("ab") as log:
        subprocess.Popen(
            [sys.executable, "-m", "vae.jobs.runner", str(folder)],
            cwd=paths.PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
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
    if not ID_PATTERN.fullmatch(job_id) or not (folder / "job.json").is_file():
        raise JobError(f"There is no job {job_id[:60]!r}.", "It may have been deleted.")
    job = _read(folder)
    if job is None:
        raise JobError(f"The run folder of job {job_id} is damaged.", f"Delete {folder}.")
    return job


def all_jobs() -> list[Job]:
    """Every job with a readable run folder, oldest first."""
    root = paths.runs_dir()
    if not root.is_dir():
        return []
    folders = sorted(p for p in root.iterdir() if ID_PATTERN.fullmatch(p.name))
    return [job for job in map(_read, folders) if job is not None]


def stop(job_id: str) -> None:
    """Ask a job to stop. The command keeps what it has finished; it is killed when it gets no further for 20 s.

    Idle jobs are left alone. Raises JobError for an unknown job, and when its folder can't be written.
    """
    job = get(job_id)
    if not job.active:
        return
    try:
        write_atomically(job.folder / "stop", b"")
    except OSError as error:
        raise JobError(f"The job can't be asked to stop: {error.strerror or error} ({job.folder}).") from error


def delete(job_id: str) -> None:
    """Delete an ended job's run folder. Raises JobError while it is active."""
    job = get(job_id)
    if job.active:
        raise JobError(f"Job {job_id} is {job.state}.", "Stop it first.")
    shutil.rmtree(job.folder, ignore_errors=True)
    if job.folder.exists():
        raise JobError(f"{job.folder} can't be deleted.", "Check that it may be written.")


def log_size(folder: Path) -> int:
    """How many bytes a job has printed so far."""
    try:
        return (folder / "log.txt").stat().st_size
    except OSError:
        return 0


def log_tail(job: Job, lines: int = LOG_TAIL_LINES) -> str:
    """The last lines a job printed, since it was last started."""
    begun = (read_values(job.folder / "state.json") or {}).get("log_start")
    try:
        with (job.folder / "log.txt").open("rb") as file:
            file.seek(max(begun if isinstance(begun, int) else 0, file.seek(0, os.SEEK_END) - 8192))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    # split("\n"), not splitlines(): a progress bar's \r does not end a line, it writes it anew
    return "\n".join(line.rstrip("\r").split("\r")[-1] for line in text.rstrip().split("\n")[-lines:])


# --- reading a run folder ---------------------------------------------------------------------------------------------


def read_values(path: Path) -> dict[str, Any] | None:
    """The JSON object in a file of a run folder, or None where there is none."""
    try:
        values = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) else None


def _seconds(value: Any) -> float | None:
    """A stored time that a page can show: from 1970 to 2100."""
    known = isinstance(value, int | float) and 0 <= value < 4.1e9  # which NaN is not
    return float(value) if known else None


def _read(folder: Path) -> Job | None:
    about, state = read_values(folder / "job.json"), read_values(folder / "state.json") or {"state": "queued"}
    created, arguments = _seconds((about or {}).get("created")), (about or {}).get("arguments")
    if about is None or created is None or not isinstance(arguments, list):
        return None
    job = Job(
        id=folder.name,
        kind=str(about.get("kind", "")),
        title=str(about.get("title", "")),
        lane=str(about.get("lane", "compute")),
        state=str(state.get("state")),
        folder=folder,
        created=created,
        started=_seconds(state.get("started")),
        ended=_seconds(state.get("ended")),
        progress=read_values(folder / "progress.json"),
        reason=str(state.get("reason", "")),
        arguments=tuple(str(a) for a in arguments),
    )
    return job if not job.active or _has_process(job, state) else _died(job)


def _has_process(job: Job, state: dict[str, Any]) -> bool:
    if "runner" not in state:
        return time.time() - (_seconds(state.get("restarted")) or job.created) < START_GRACE_SECONDS
    return any(is_alive(state.get(who)) for who in ("runner", "child"))


def _died(job: Job) -> Job:
    progress = job.progress or {}
    if progress.get("finished"):
        return replace(job, state="stopped" if progress.get("outcome") == "stopped" else "done")
    tail = log_tail(job)
    reason = "Its process ended without a word (killed, out of memory, or the machine restarted)."
    return replace(job, state="died", reason=f"{reason}\n{tail}".strip())
