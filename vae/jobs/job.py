"""One job, as its run folder says:

    job.json        what it is: id, kind, title, lane, command line; some kinds have files of their own beside it
    state.json      how it is: queued, running, done, stopped or failed, and which processes do it
    progress.json   written by the command itself (progress.py): stage, fraction, seconds left, result
    log.txt         what the command printed

A process counts as alive when its id and its start both match (processes.py), so an id that the system gave to another
process deceives nobody.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vae.errors import StorageError
from vae.jobs import waiting
from vae.jobs.processes import is_alive
from vae.storage import door, kinds, probe
from vae.storage.json_files import read_json
from vae.storage.kinds import FileKind
from vae.storage.printing import LINES, visible

START_GRACE_SECONDS = 20.0  # in run folders of before the list: a runner that has not reported by then never will
LOG_TAIL_LINES = 8
LONGEST_NAME, LONGEST_TEXT = 200, 10_000  # characters of what a run folder tells that pages show
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
    turn: int = -1  # its place among those that wait; -1 for one that is on no list

    @property
    def active(self) -> bool:
        """Waiting or running."""
        return self.state in ACTIVE

    @property
    def stopping(self) -> bool:
        """Asked to stop, and not yet ended."""
        return self.active and probe.is_there(self.folder / "stop")


def read_values(path: Path, kind: FileKind) -> dict[str, Any] | None:
    """The JSON object in a file of a run folder, or None where there is none."""
    try:
        return read_json(path, kind)[0]
    except StorageError:
        return None


def _seconds(value: Any) -> float | None:
    """A stored time that a page can show: from 1970 to 2100."""
    known = isinstance(value, int | float) and 0 <= value < 4.1e9  # which NaN is not
    return float(value) if known else None


def _name(value: Any) -> str:
    return str(value)[:LONGEST_NAME]


def _told(progress: dict[str, Any] | None) -> dict[str, Any] | None:
    """What progress.json says, with texts that a page can show."""
    cut = {name: v[:LONGEST_TEXT] if isinstance(v, str) else v for name, v in (progress or {}).items()}
    return cut if progress is not None else None


def read(folder: Path, listed: list[str]) -> Job | None:
    """The job in a run folder, None for a damaged one; `listed` are the ids of those that wait."""
    about = read_values(folder / "job.json", kinds.JOB)
    state = read_values(folder / "state.json", kinds.STATE) or {"state": "queued"}
    created, arguments = _seconds((about or {}).get("created")), (about or {}).get("arguments")
    if about is None or created is None or not isinstance(arguments, list):
        return None
    job = Job(
        id=folder.name,
        kind=_name(about.get("kind", "")),
        title=_name(about.get("title", "")),
        lane=_name(about.get("lane", "compute")),
        state=_name(state.get("state")),
        folder=folder,
        created=created,
        started=_seconds(state.get("started")),
        ended=_seconds(state.get("ended")),
        progress=_told(read_values(folder / "progress.json", kinds.PROGRESS)),
        reason=str(state.get("reason", ""))[:LONGEST_TEXT],
        arguments=tuple(str(a) for a in arguments),
    )
    if job.state == "queued" and "runner" not in state:
        listed = listed if job.id in listed else waiting.ids()  # it may have been queued a moment ago
        if job.id in listed:
            return replace(job, turn=listed.index(job.id))
    return job if not job.active or _has_process(job, state) else _died(job)


def _has_process(job: Job, state: dict[str, Any]) -> bool:
    """Whether anything does this job, or will: run folders of before the list may wait for a runner's first word."""
    if job.state == "queued" and "runner" not in state and "environment" not in state:
        begun = _seconds(state.get("restarted")) or job.created
        return 0 <= time.time() - begun < START_GRACE_SECONDS  # a time that is still to come is none
    known = (state.get("runner"), state.get("child"), (job.progress or {}).get("process"))
    return any(map(is_alive, known))


def _died(job: Job) -> Job:
    progress = job.progress or {}
    if progress.get("finished"):
        return replace(job, state="stopped" if progress.get("outcome") == "stopped" else "done")
    tail = log_tail(job)
    reason = "Its process ended without a word (killed, out of memory, or the machine restarted)."
    return replace(job, state="died", reason=f"{reason}\n{tail}".strip())


def log_size(folder: Path) -> int:
    """How many bytes a job has printed so far."""
    found = probe.stamp(folder / "log.txt")
    return found.size if found else 0


def log_tail(job: Job, lines: int = LOG_TAIL_LINES) -> str:
    """The last lines a job printed, since it was last started."""
    begun = (read_values(job.folder / "state.json", kinds.STATE) or {}).get("log_start")
    try:
        end = door.read_end(job.folder / "log.txt", kinds.LOG, begun if isinstance(begun, int) else 0)
        text = end.decode(errors="replace")
    except StorageError:
        return ""
    # split("\n"), not splitlines(): a progress bar's \r does not end a line, it writes it anew
    last = [line.rstrip("\r").split("\r")[-1] for line in text.rstrip().split("\n")[-lines:]]
    return visible("\n".join(last), LINES)
