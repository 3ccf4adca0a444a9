"""Work that a person starts in a terminal, kept as a job like any other: the app shows, stops and resumes it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vae.errors import VAEError
from vae.jobs import queue
from vae.jobs.job import LOCK, Job, read_values
from vae.jobs.processes import mark
from vae.jobs.runner import only_one
from vae.jobs.stopping import Stopped, obeying
from vae.storage import kinds, probe
from vae.storage.files import write_atomically


@contextmanager
def begin(kind: str, title: str, arguments: list[str], files: Mapping[str, bytes]) -> Iterator[Path]:
    """A new run folder with `files`, whose job is this process. Raises JobError when it can't be written."""
    state = _running()
    folder = queue.begin(kind, title, arguments, files, state | {"state": "running"})
    with only_one(folder / LOCK), _written(folder, state):
        yield folder


@contextmanager
def again(job: Job) -> Iterator[Path]:
    """An ended job's run folder, whose job this process takes up. Raises JobError when another one has it."""
    with only_one(job.folder / LOCK):
        queue.ready_again(job)
        with _written(job.folder, _running()):
            yield job.folder


def _running() -> dict[str, Any]:
    return {"runner": asdict(mark(os.getpid())), "started": time.time()}


@contextmanager
def _written(folder: Path, state: dict[str, Any]) -> Iterator[None]:
    """Record that this process runs, and how it ends; then start what waited for it."""
    outcome, reason = "failed", ""
    _write(folder, state | {"state": "running"})
    try:
        with obeying(folder / "stop"):
            yield
        told = read_values(folder / "progress.json", kinds.PROGRESS) or {}
        outcome = "stopped" if told.get("outcome") == "stopped" else "done"
    except (Stopped, KeyboardInterrupt):
        outcome = "stopped"
        raise
    except VAEError as error:
        reason = str(error)
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise
    finally:
        _write(folder, state | {"state": outcome, "ended": time.time(), "reason": reason})
        with suppress(VAEError):
            queue.start_waiting()


def _write(folder: Path, state: dict[str, Any]) -> None:
    """Best effort: on a full disk the job is found dead instead."""
    with suppress(OSError):
        if probe.is_folder(folder):  # not where somebody has deleted it
            write_atomically(folder / "state.json", json.dumps(state).encode())
