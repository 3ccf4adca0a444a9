"""A job's command whose runner was killed: it goes on, obeys Stop, and starts the next job at its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vae.jobs import queue
from vae.jobs.stopping import has_runner, obeying


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Inside, this process does the job of a run folder, whether or not a runner is left to see to it."""
    try:
        with obeying(folder / "stop"):
            yield
    finally:
        if not has_runner():
            queue.nudge()
