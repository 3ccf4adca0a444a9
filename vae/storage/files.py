"""Writing files and folders in one step. door.py and the modules beside it read."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from vae.storage import probe
from vae.storage.renaming import exchange, rename_new
from vae.storage.temporary import beside, make_folders, temporary_file, temporary_folder


def write_atomically(path: Path, content: bytes) -> None:
    """Put `content` at `path` so that a reader sees the old file or the new one, never a part; makes its folder.

    Raises OSError.
    """
    make_folders(path.parent)
    with new_file(path) as temporary:
        temporary.write_bytes(content)


def write_inside(folder: Path, path: Path, content: bytes) -> None:
    """As `write_atomically`, at a path below `folder`, which somebody else may have made: no link leads out of it.

    Raises OSError.
    """
    between = [above for above in path.parents if above.is_relative_to(folder) and above != folder]
    if link := next(filter(probe.is_link, between), None):
        raise OSError(errno.ELOOP, "it lies behind a link, which could lead out of the folder", str(link))
    write_atomically(path, content)


def write_new(path: Path, content: bytes) -> None:
    """As `write_atomically`, at a name that nothing has.

    Raises FileExistsError when something is there by then; OSError.
    """
    make_folders(path.parent)
    with temporary_file(path) as temporary:
        temporary.write_bytes(content)
        rename_new(temporary, path)


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Yield where to write a file that takes the place of the one at `path` once the block is done.

    A block that raises changes nothing and leaves nothing behind. Raises OSError.
    """
    with temporary_file(path) as temporary:
        yield temporary
        temporary.replace(path)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder that becomes the one at `path`, where none may be, once the block is done.

    A block that raises leaves nothing behind. Raises FileExistsError when something is at `path` by then; OSError.
    """
    with temporary_folder(path) as temporary:
        yield temporary
        rename_new(temporary, path)


@contextmanager
def replaced_folder(path: Path) -> Iterator[Path]:
    """As `new_folder`, for a folder that takes the place of the one at `path`. Raises OSError."""
    with temporary_folder(path) as temporary:
        yield temporary
        if exchange(temporary, path):
            return
        old = beside(path)
        path.rename(old)
        try:
            rename_new(temporary, path)
        except OSError:
            rename_new(old, path)
            raise
        shutil.rmtree(old, ignore_errors=True)


def remove_folder(path: Path) -> None:
    """Take a folder away in one step, then remove what is in it; of a link only the link. Raises OSError."""
    if probe.is_link(path):
        path.unlink()
        return
    old = beside(path)
    path.rename(old)
    shutil.rmtree(old, ignore_errors=True)


def open_to_append(path: Path) -> BinaryIO:
    """A file to add to, made where there is none; never one that a link leads to, nor a pipe or a device.

    Raises OSError.
    """
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags, 0o666)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    return os.fdopen(descriptor, "ab")


def check_writable(path: Path) -> None:
    """Raise the OSError that `write_atomically` would, but for a disk that is full; its folder must be there."""
    temporary = beside(path)
    try:
        temporary.touch(exist_ok=False)
    finally:
        temporary.unlink(missing_ok=True)
