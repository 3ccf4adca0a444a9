"""What is being written: under a name of its own beside its destination, and gone when its writer is.

A writer holds a lock (flock) on its temporary file or folder. The system releases it when the process ends, however it
ends, so what is not locked has no owner and can be removed at once. That holds for the processes of one machine that
share a disk, in containers too. The name says which machine wrote it: what another one wrote, and what can't be locked
(some network file systems), is removed only after it has rested for LEFTOVER_SECONDS.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import hashlib
import os
import platform
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: nothing can be locked, and age decides
    fcntl = None  # type: ignore[assignment]

SUFFIX = ".tmp"
NAME = re.compile(r"\..+\.([0-9a-f]{6})-[0-9a-f]{8}\.tmp", re.DOTALL)  # its group: the machine
LEFTOVER_SECONDS = 600.0  # no writer rests as long
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@contextmanager
def temporary_file(path: Path) -> Iterator[Path]:
    """An empty file beside `path`, removed at the end of the block if it is still there. Raises OSError."""
    with _owned(path, _make_file) as temporary:
        yield temporary


@contextmanager
def temporary_folder(path: Path) -> Iterator[Path]:
    """As `temporary_file`, an empty folder. Makes the folders above it. Raises OSError."""
    make_folders(path.parent)
    with _owned(path, Path.mkdir) as temporary:
        yield temporary


def make_folders(folder: Path) -> None:
    """Make it and those above it where they are missing.

    Raises OSError; for a file in the way not FileExistsError, which says of a writer that its name is taken.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder)) from error


@contextmanager
def _owned(path: Path, make: Callable[[Path], None]) -> Iterator[Path]:
    sweep(path.parent)
    sweep_older(path)
    while True:
        temporary = beside(path)
        make(temporary)
        lock = _lock(temporary)
        if temporary.exists():  # or somebody swept it before it was locked
            break
        _release(lock)
    try:
        yield temporary
    finally:
        try:
            _remove(temporary)
        finally:
            _release(lock)


def beside(path: Path) -> Path:
    """A free name for what will be at `path`."""
    return path.with_name(f".{path.name}.{_machine()}-{secrets.token_hex(4)}{SUFFIX}")


def sweep(folder: Path) -> None:
    """Remove from a folder what killed writers left there; what can't be removed stays."""
    with contextlib.suppress(OSError):
        for entry in list(os.scandir(folder)):
            if entry.name.startswith(".") and (match := NAME.fullmatch(entry.name)):
                with contextlib.suppress(OSError):
                    _sweep_one(Path(entry.path), match[1])


def sweep_older(path: Path) -> None:
    """Remove what writers of `path` left whose names do not tell their machine: those of earlier versions."""
    for leftover in path.parent.glob(f".{glob.escape(path.name)}.*{SUFFIX}"):
        with contextlib.suppress(OSError):
            if not NAME.fullmatch(leftover.name) and _has_rested(leftover):
                _remove(leftover)


def _sweep_one(leftover: Path, machine: str) -> None:
    if machine != _machine() or fcntl is None:
        if _has_rested(leftover):
            _remove(leftover)
        return
    descriptor = os.open(leftover, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:  # its writer lives
        return
    except OSError:  # no locks here
        if _has_rested(leftover):
            _remove(leftover)
        return
    else:
        # Its writer may have put it in its place before the lock was free: then that name is no more.
        if os.path.samestat(os.fstat(descriptor), leftover.lstat()):
            _remove(leftover)
    finally:
        os.close(descriptor)


def _has_rested(path: Path) -> bool:
    """Whether neither the file, nor anything in the folder, was written to for LEFTOVER_SECONDS."""
    last = max(found.lstat().st_mtime for found in (path, *path.rglob("*")))
    return time.time() - last > LEFTOVER_SECONDS


def _make_file(path: Path) -> None:
    path.touch(exist_ok=False)


def _lock(path: Path) -> int | None:
    """A descriptor that holds the lock until it is closed; None where there are no locks."""
    if fcntl is None:
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)  # shared: on NFS the other kind needs a file open for writing
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _release(descriptor: int | None) -> None:
    if descriptor is not None:
        os.close(descriptor)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@cache
def _machine() -> str:
    """Six digits for the running system: those whose locks are seen here. A restart makes it another."""
    try:
        system = BOOT_ID.read_text()
    except OSError:
        system = platform.node()
    return hashlib.sha256(system.encode()).hexdigest()[:6]
