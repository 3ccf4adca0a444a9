"""Runs all cases in worker.py, and starts another one where a case hangs it, kills it or makes it large."""

from __future__ import annotations

import json
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from vae.storage.paths import PROJECT

MOST_SECONDS = 2.0  # of processor time: a machine that is busy is no fault of a reader's
PATIENCE_SECONDS = 60.0  # of waiting for a reading: what waits for a pipe takes no processor time
START_SECONDS = 240.0  # of the worker: torch is imported, the house is built
MOST_BYTES = 500 * 10**6
MOST_CHARACTERS = 1_000  # of a message
GOOD = "is as it should be"  # ends the names of cases in which nothing is wrong


@dataclass(frozen=True)
class Found:
    """What became of a case: `outcome` is read, nothing, refused, broke, hung or died."""

    name: str
    must_refuse: bool
    outcome: str
    said: str = ""
    seconds: float = 0.0
    bytes: int = 0
    changed: Sequence[str] = ()

    def problem(self) -> str:
        """What is wrong with it, in words; empty where all is as it should be."""
        if self.outcome in ("broke", "hung", "died"):
            return f"{self.outcome}: {self.said[:200]}"
        if self.must_refuse and self.outcome == "read":
            return "was read"
        if self.seconds > MOST_SECONDS:
            return f"took {self.seconds:.1f} s"
        if self.bytes > MOST_BYTES:
            return f"took {self.bytes / 1e6:,.0f} MB"
        if self.changed:
            return f"changed {', '.join(self.changed)[:200]}"
        if len(self.said) > MOST_CHARACTERS:
            return f"was told in {len(self.said):,} characters or more: {self.said[:100]}"
        return ""


@dataclass(frozen=True)
class _Answer:
    """What became of a case, and how many are left."""

    found: Found
    left: int


def results(folder: Path) -> Iterator[Found]:
    """What became of every case, in order."""
    number, left = 0, 1
    while left:
        for answer in _worker(folder, number):
            yield answer.found
            number, left = number + 1, answer.left


def _worker(folder: Path, first: int) -> Iterator[_Answer]:
    """What becomes of the cases from `first` on, until one of them ends the worker."""
    command = [sys.executable, "-m", "tests.hostile.worker", str(folder), str(first)]
    with (folder / f"errors-{first}").open("w+", encoding="utf-8") as errors:
        process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=errors, bufsize=0)
        assert process.stdout
        left = 1
        try:
            while left:
                begin = _line(process.stdout, START_SECONDS)
                if not begin:  # the making of a case, or of the house: no reader's fault
                    errors.seek(0)
                    raise RuntimeError(f"The worker ended: {errors.read()[-2_000:]}")
                left = begin.pop("left")
                end = _line(process.stdout, PATIENCE_SECONDS)
                if not end:
                    outcome = "hung" if process.poll() is None else "died"
                    yield _Answer(Found(**begin, outcome=outcome), left)
                    return
                found = Found(**begin, **end)
                yield _Answer(found, left)
                if found.bytes > MOST_BYTES / 2:  # a peak hides what the next ones take
                    return
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


def _line(stream: IO[bytes], seconds: float) -> dict[str, Any]:
    """The next line's values; nothing where none comes in time, or no more come."""
    if not select.select([stream], [], [], seconds)[0]:
        return {}
    line = stream.readline()
    return dict(json.loads(line)) if line else {}
