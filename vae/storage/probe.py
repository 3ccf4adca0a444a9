"""What is at a path, asked without ever raising: pathlib's own questions raise for a folder that is closed to us, a
link that leads in a circle, and a home of nobody.
"""

from __future__ import annotations

import itertools
import os
import stat
from dataclasses import dataclass
from pathlib import Path

MOST_ENTRIES = 100_000


@dataclass(frozen=True)
class Stamp:
    """What changes when a file does: when it was written, in nanoseconds since 1970, its size in bytes, its inode."""

    changed: int
    size: int
    inode: int


def is_file(path: Path) -> bool:
    """Whether a regular file, or a link to one, is there and can be told."""
    return os.path.isfile(path)


def is_folder(path: Path) -> bool:
    """Whether a folder, or a link to one, is there and can be told."""
    return os.path.isdir(path)


def is_there(path: Path) -> bool:
    """Whether anything has this name, a link that leads nowhere too."""
    return os.path.lexists(path)


def is_link(path: Path) -> bool:
    """Whether a link has this name, wherever it leads."""
    return os.path.islink(path)


def stamp(path: Path) -> Stamp | None:
    """Of a regular file; None for anything else."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return Stamp(found.st_mtime_ns, found.st_size, found.st_ino) if stat.S_ISREG(found.st_mode) else None


def changed(path: Path) -> int:
    """When a file or folder was last changed, in nanoseconds since 1970; 0 for what isn't there or can't be told."""
    try:
        return os.stat(path).st_mtime_ns
    except (OSError, ValueError):
        return 0


def entries(folder: Path) -> list[Path]:
    """What is in a folder, by name, at most MOST_ENTRIES; nothing where none can be read (`why_closed` says why)."""
    try:
        with os.scandir(folder) as found:
            names = [entry.name for entry in itertools.islice(found, MOST_ENTRIES)]
    except (OSError, ValueError):
        return []
    return [folder / name for name in sorted(names)]


def why_closed(folder: Path) -> str:
    """Why a folder can't be read, in a few words; empty where it can, or where there is none yet."""
    try:
        found = os.stat(folder)
    except FileNotFoundError:
        return "it is a link that leads nowhere" if is_there(folder) else ""
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or str(error)
    if not stat.S_ISDIR(found.st_mode):
        return "it is no folder"
    return "" if os.access(folder, os.R_OK | os.X_OK) else "Permission denied"


def is_nobodys(text: str) -> bool:
    """Whether a path begins with `~name`, and there is nobody of that name."""
    return text.startswith("~") and os.path.expanduser(text) == text


def resolved(text: str) -> Path:
    """A path as somebody writes it, absolute and without links, `~` their home; a `~name` of nobody stays as it is.

    So does what can't be resolved, such as a relative path when the working folder was deleted.
    """
    expanded = os.path.expanduser(text)
    try:
        return Path(os.path.realpath(expanded))
    except (OSError, ValueError):
        return Path(expanded)
