"""The one door: every file that the program reads is opened here.

A file is opened first, without waiting and without following a link where folders are exchanged, and what is behind the
descriptor is then looked at: what was checked is what is read. A pipe, a device or a folder in its place is an error,
as is a file that is too large for its kind, also one that grows while it is read.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from vae.errors import StorageError
from vae.storage import probe
from vae.storage.kinds import FileKind
from vae.storage.printing import visible

Bytes = NDArray[np.uint8]
# what a system lacks is 0: Windows has no pipes among its files, and no O_NOFOLLOW, for which `is_link` stands in
FLAGS = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY"))
NO_LINK: int = getattr(os, "O_NOFOLLOW", 0)
LINK_ERRORS = (errno.ELOOP, errno.EMLINK)  # what O_NOFOLLOW gives: Linux and macOS, FreeBSD
BLOCK = 2**20
LONGEST_NAME = 80
OTHERS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def read(path: Path, kind: FileKind) -> bytes:
    """What a file holds. One that others append to may grow meanwhile, up to its bound. Raises StorageError."""
    with _opened(path, kind, kind.most) as file:
        size = _size(file)
        check_size(path, size, kind)
        content = file.read(size + 1)
        while more := file.read(BLOCK):
            content += more
    return content


def read_at_once(path: Path, kind: FileKind) -> Bytes:
    """What a large file holds, (n,) and writable, in memory once. Raises StorageError, also where its size changes."""
    with opened(path, kind) as file:
        return rest_of(file, path)


def rest_of(file: io.BufferedReader, path: Path) -> Bytes:
    """As `read_at_once`, of a file that is `opened` and was read to some place. Raises StorageError and OSError."""
    content = np.empty(cast(_Bounded, file.raw).most - file.tell(), np.uint8)
    got = file.readinto(content.data)
    if got != len(content) or file.read(1):
        raise StorageError(f"{where(path)} was changed while it was read.", "Try again.")
    return content


def read_if_small(path: str, kind: FileKind, most: int) -> bytes | None:
    """What a regular file of at most so many bytes holds, of a kind whose links are followed: in four calls of the
    system, for there may be a hundred thousand. None for any other file and whatever goes wrong, of which `opened` says
    more.
    """
    if kind.levels:
        return None
    try:
        descriptor = os.open(path, FLAGS)
    except (OSError, ValueError):
        return None
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode) or about.st_size > min(most, kind.most):
            return None
        content = os.read(descriptor, about.st_size + 1)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return content if len(content) == about.st_size else None  # else it was changed while it was read


def read_end(path: Path, kind: FileKind, begin: int = 0) -> bytes:
    """The last bytes of a file of any size, as many as its kind may have, none before `begin`. Raises StorageError."""
    with _opened(path, kind, sys.maxsize) as file:
        size = _size(file)
        file.seek(min(max(begin, size - kind.most), size))
        return file.read(kind.most)


def read_beginning(path: Path, kind: FileKind) -> bytes:
    """The first bytes of a file of any size, as many as its kind may have. Raises StorageError."""
    with _opened(path, kind, sys.maxsize) as file:
        return file.read(kind.most)


def sha256(path: Path, kind: FileKind) -> str:
    """The SHA-256 of a file, in hexadecimal digits. Raises StorageError."""
    with opened(path, kind) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def opened(path: Path, kind: FileKind) -> Iterator[io.BufferedReader]:
    """Inside, a regular file within its bound, to be read from its beginning, and no further than it reaches now.

    Raises StorageError, also for what goes wrong with reading.
    """
    try:  # as `_opened`, not by it: one generator less for each of a hundred thousand images
        raw = _Bounded(_descriptor(path, kind), path, kind.most)
        with io.BufferedReader(raw) as file:
            raw.most = os.fstat(raw.fileno()).st_size
            check_size(path, raw.most, kind)
            yield cast(io.BufferedReader, file)
    except OSError as error:
        raise _unreadable(path, error) from error


def check_size(path: Path, size: int, kind: FileKind) -> None:
    """Raise StorageError for more bytes than such a file may have."""
    if size > kind.most:
        raise StorageError(f"{where(path)} has {size:,} bytes, expected at most {kind.most:,}.")


def where(path: Path) -> str:
    """A file as messages call it: its folder and its name."""
    return ": ".join(visible(name)[:LONGEST_NAME] for name in (path.parent.name, path.name))


class _Bounded(io.FileIO):
    """A file of which no more than the bound is ever read."""

    def __init__(self, descriptor: int, path: Path, most: int) -> None:
        super().__init__(descriptor)
        self._path, self.most = path, most
        self.name = str(path)  # a memory map of it knows its file by this

    def readinto(self, buffer: memoryview | bytearray, /) -> int:  # type: ignore[override] # never None: it is no pipe
        got = super().readinto(buffer) or 0
        if got and self.tell() > self.most:
            raise StorageError(f"{where(self._path)} grew to more than {self.most:,} bytes while it was read.")
        return got


@contextmanager
def _opened(path: Path, kind: FileKind, most: int) -> Iterator[io.BufferedReader]:
    try:
        descriptor = _descriptor(path, kind)
        with io.BufferedReader(_Bounded(descriptor, path, most)) as file:
            yield cast(io.BufferedReader, file)
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> StorageError:
    return StorageError(f"{where(path)} can't be read: {error.strerror or error}.")


def _descriptor(path: Path, kind: FileKind) -> int:
    """Of a regular file, to be closed. Raises StorageError and OSError."""
    inside = kind.levels > 0
    named = (path, *path.parents[: kind.levels - 1]) if inside else ()
    if any(map(probe.is_link, named)):
        raise StorageError(f"{where(path)} is a link, expected the file itself.", "Links could lead out of the folder.")
    try:
        descriptor = os.open(path, FLAGS | (NO_LINK if inside else 0))
    except ValueError as error:  # no name at all, such as one with a zero in it
        raise StorageError(f"{where(path)} can't be read: {error!s:.100}.") from error
    except OSError as error:
        if inside and error.errno in LINK_ERRORS:  # it became one just now
            raise StorageError(f"{where(path)} is a link, expected the file itself.") from error
        if error.errno == errno.ENXIO:  # opening a socket
            raise StorageError(f"{where(path)} is a socket, expected a regular file.") from error
        raise
    try:
        _check_regular(path, os.fstat(descriptor).st_mode)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _check_regular(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        found = OTHERS.get(stat.S_IFMT(mode), "something else")
        raise StorageError(f"{where(path)} is {found}, expected a regular file.")


def _size(file: io.BufferedReader) -> int:
    return os.fstat(file.fileno()).st_size
