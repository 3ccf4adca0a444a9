"""How much memory and disk a new piece of work may take on this machine, in bytes."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

CGROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")
ACCELERATORS = (Path("/dev/nvidiactl"), Path("/dev/kfd"))  # what NVIDIA's and AMD's drivers put there
UNLIMITED = 2**60  # and above: what version 1 says where nobody set a limit
LONGEST = 64 * 2**10  # characters of a kernel's file that are read


@dataclass(frozen=True)
class _Version:
    """Where one version of control groups tells its limit, its use, and how much of that are files it can drop."""

    folder: str
    line: str  # of MEMBERSHIP, with the group's path
    limit: str
    used: str
    droppable: str  # a line of memory.stat


VERSIONS = (
    _Version("", r"0::(/.*)", "memory.max", "memory.current", "inactive_file"),
    _Version(
        "memory",
        r"\d+:[^:]*\bmemory\b[^:]*:(/.*)",
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
        "total_inactive_file",
    ),
)


def memory() -> int:
    """What the machine has available, or less where a container's limit is nearer."""
    return max(0, min([int(psutil.virtual_memory().available), *container_rooms()]))


def accelerated() -> bool:
    """Whether there is a GPU with memory of its own. Looks for its driver, since asking torch takes two seconds."""
    with suppress(OSError):
        return any(path.exists() for path in ACCELERATORS)
    return False


def disk(path: Path) -> int | None:
    """What is free where `path` is or will be; None where that can't be found out."""
    with suppress(OSError):
        return shutil.disk_usage(existing(path)).free
    return None


def existing(path: Path) -> Path:
    """`path`, or the nearest folder above it that is there. Raises OSError."""
    path = path.absolute()
    return next((folder for folder in (path, *path.parents) if folder.exists()), path)


def container_rooms(root: Path = CGROUPS, membership: Path = MEMBERSHIP) -> list[int]:
    """What is left below each limit that this process's control group, or one around it, has; none without limits.

    Inside a container the group's path often is that of the machine outside and not there: its own limit then stands
    at the root.
    """
    about = _text(membership)
    rooms = []
    for version in VERSIONS:
        if found := re.search(rf"^{version.line}$", about, re.MULTILINE):
            base = root / version.folder
            rooms += [room for folder in _up(base, found[1]) if (room := _room(folder, version)) is not None]
    return rooms


def _up(base: Path, group: str) -> Iterator[Path]:
    """The folder of a group below `base`, those above it, and `base`."""
    folder = base.joinpath(*(name for name in group.split("/") if name not in ("", "..")))
    yield folder
    while folder != base and base in folder.parents:
        folder = folder.parent
        yield folder


def _room(folder: Path, version: _Version) -> int | None:
    limit, used = _number(folder / version.limit), _number(folder / version.used)
    if limit is None or used is None or limit >= UNLIMITED:
        return None
    droppable = re.search(rf"^{version.droppable} (\d+)$", _text(folder / "memory.stat"), re.MULTILINE)
    return limit - used + (int(droppable[1]) if droppable else 0)


def _number(path: Path) -> int | None:
    text = _text(path).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def _text(path: Path) -> str:
    """What a file of the kernel says; nothing where it is not there."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(LONGEST)
    except OSError:
        return ""
