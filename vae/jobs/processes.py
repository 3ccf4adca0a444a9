"""Processes that can be recognised later, although the system gives their ids to others.

A mark is the id with the start of the process. Linux tells the start in ticks since the machine was booted, which no
change of the clock touches; with the id of that boot it is unique. Elsewhere it is the time of the start, give or take
TOLERANCE_SECONDS.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from vae.errors import StorageError
from vae.storage import door, kinds

TOLERANCE_SECONDS = 2.0
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class ProcessMark:
    """A process that can be recognised later; `boot` is empty where `start` is a time in seconds since 1970."""

    pid: int
    start: float
    boot: str = ""


def mark(pid: int) -> ProcessMark:
    """The mark of a running process. Raises psutil.NoSuchProcess for another."""
    boot, ticks = _boot(), _ticks(pid)
    if boot and ticks is not None:
        return ProcessMark(pid, ticks, boot)
    return ProcessMark(pid, psutil.Process(pid).create_time())


def is_alive(values: Any) -> bool:
    """Whether the process with these stored marks still runs (a zombie doesn't)."""
    try:
        stored = ProcessMark(int(values["pid"]), float(values["start"]), str(values["boot"]))
        found = mark(stored.pid)
        tolerance = 0.0 if found.boot else TOLERANCE_SECONDS
        same = found.boot == stored.boot and abs(found.start - stored.start) <= tolerance
        return same and psutil.Process(stored.pid).status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, KeyError, TypeError, ValueError, OverflowError):
        return False


def _boot() -> str:
    try:
        return door.read(BOOT_ID, kinds.SYSTEM).decode().strip()
    except StorageError:
        return ""


def _ticks(pid: int) -> int | None:
    """Field 22 of /proc/PID/stat; the name, field 2, is in brackets and can hold anything."""
    try:
        fields = door.read(Path(f"/proc/{pid}/stat"), kinds.SYSTEM).rpartition(b")")[2].split()
        return int(fields[22 - 3])
    except (StorageError, IndexError, ValueError):
        return None
