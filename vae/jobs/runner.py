"""The process behind each running job, `python -m vae.jobs.runner FOLDER`: runs the command, and starts the next job.

It is started when its turn has come (queue.py). A task queue from a library would bring a server that somebody has to
start and watch: here the folders and a list are all there is.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from vae.errors import JobError
from vae.jobs import waiting
from vae.jobs.job import ACTIVE, LOCK, log_size, log_tail, read_values
from vae.jobs.processes import mark
from vae.jobs.queue import get, start_waiting
from vae.jobs.stopping import RUNNER
from vae.storage import kinds, probe
from vae.storage.files import open_to_append, write_atomically
from vae.storage.reporting import write_errors_as

POLL_SECONDS = 0.2
STOPPED_CODES = (0, 130, -signal.SIGTERM)  # kept something; nothing to keep; not yet ready to be asked
PATIENCE_SECONDS = 60.0  # with whoever changes the queue: a job must not be lost because the machine is busy
KILL_AFTER_SECONDS = 20.0  # a command that was asked to stop, and gets no further for this long, is killed


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Inside, nobody else is inside with this path; the system ends it with the process, however that ends.

    Raises JobError when somebody is, and, because of an OSError, for a path that can't be used.
    """
    lock = FileLock(path, timeout=0)
    with write_errors_as(JobError, path):
        open_to_append(path).close()  # filelock alone would make a run folder anew that somebody has deleted
        try:
            lock.acquire()
        except Timeout:
            raise JobError(f"Run {path.parent.name} is already running.", "Wait for its end, or stop it.") from None
    try:
        yield
    finally:
        lock.release()


class Runner:
    """Runs a job's command, and records how it ended."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        about = read_values(folder / "job.json", kinds.JOB) or {}
        self.arguments = [str(a) for a in about.get("arguments") or []]
        self.state: dict[str, Any] = {}

    def run(self) -> None:
        """The whole life of a job, nothing at all when another runner has it; then the next job of its lane."""
        try:
            with only_one(self.folder / LOCK):
                if self._begin():
                    self._end_with(self._run_command())
        except JobError as error:
            if isinstance(error.__cause__, OSError):  # a page shows the log of a job that died
                print(error, file=sys.stderr)
        with contextlib.suppress(JobError):
            start_waiting(PATIENCE_SECONDS)

    def _begin(self) -> bool:
        """Whether there is something to run: another runner may have been here before, and ended."""
        with waiting.changing(PATIENCE_SECONDS):  # whoever started this process has recorded it by then
            found = read_values(self.folder / "state.json", kinds.STATE) or {"state": "queued"}
            if found.get("state") not in ACTIVE:
                return False
            self.state = {"started": time.time()} | found | {"runner": asdict(mark(os.getpid()))}
            self._record(state="running")
        if self._stop_asked():
            self._end("stopped")
            return False
        return True

    def command(self) -> list[str]:
        """What the job runs."""
        return [sys.executable, "-m", "vae", *self.arguments, "--run-folder", str(self.folder)]

    def _record(self, **changes: Any) -> None:
        self.state |= changes
        with contextlib.suppress(
            OSError
        ):  # a full disk: the job is found dead instead, its command's words are in the log
            write_atomically(self.folder / "state.json", json.dumps(self.state).encode())

    def _stop_asked(self) -> bool:
        return probe.is_there(self.folder / "stop") or not probe.is_folder(self.folder)

    def _run_command(self) -> int:
        # threads that spin while they wait would slow everything else on the machine several times
        environment = {"OMP_WAIT_POLICY": "PASSIVE"} | os.environ | {RUNNER: str(os.getpid())}
        log_start = log_size(self.folder)  # what earlier attempts printed is not this one's reason
        child = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, env=environment)
        self._record(state="running", child=asdict(mark(child.pid)), log_start=log_start)
        while child.poll() is None:
            if self._stop_asked():
                child.send_signal(signal.SIGTERM)
                return self._wait_for_last_words(child)
            time.sleep(POLL_SECONDS / 2)
        return child.returncode

    def _wait_for_last_words(self, child: subprocess.Popen[bytes]) -> int:
        """Give a command that was asked to stop the time to keep what it has, for as long as it gets further."""
        reached, since = self._reached(), time.monotonic()
        while child.poll() is None:
            if (now := self._reached()) != reached:
                reached, since = now, time.monotonic()
            if time.monotonic() - since > KILL_AFTER_SECONDS:
                child.kill()
            time.sleep(POLL_SECONDS / 2)
        return child.returncode

    def _reached(self) -> tuple[Any, Any]:
        """How far the command is. Not the time of its last word: a download that hangs says something, too."""
        progress = read_values(self.folder / "progress.json", kinds.PROGRESS) or {}
        return progress.get("stage"), progress.get("fraction")

    def _end_with(self, code: int) -> None:
        if self._stop_asked() and code in STOPPED_CODES:
            self._end("stopped")
        elif code == 0 or (code < 0 and self._told_its_end()):
            self._end("done")
        else:
            tail = log_tail(get(self.folder.name))
            self._end("failed", reason=f"{tail}\n{killed(code)}".strip() or f"It ended with exit code {code}.")

    def _told_its_end(self) -> bool:
        """Whether the result is there: a command that is killed after it has said so has nothing left to do."""
        return bool((read_values(self.folder / "progress.json", kinds.PROGRESS) or {}).get("finished"))

    def _end(self, state: str, **more: Any) -> None:
        if probe.is_folder(self.folder):
            self._record(state=state, ended=time.time(), **more)


def killed(code: int) -> str:
    """What a negative exit code says; empty for others."""
    return f"It was killed (signal {-code}): out of memory, or by somebody." if code < 0 else ""


if __name__ == "__main__":
    Runner(Path(sys.argv[1])).run()
