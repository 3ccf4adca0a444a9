"""Renames that the operating system makes in one step: to a name that must be free, and of two that change places."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

AT_FDCWD = -100  # Linux: paths are relative to the working folder
NO_REPLACE, EXCHANGE = 1, 2  # Linux's flags of renameat2
MAC_EXCHANGE, MAC_NO_REPLACE = 2, 4  # macOS's flags of renamex_np
UNKNOWN_HERE = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP)  # the file system, or the kernel, has no such rename


def rename_new(source: Path, destination: Path) -> None:
    """Rename a file or folder to a name that nothing has; of several that try at once, one succeeds.

    Raises FileExistsError when something is at `destination`, even an empty folder; OSError.
    """
    if not _renamed(source, destination, _flag(NO_REPLACE, MAC_NO_REPLACE)):
        _claim_and_rename(source, destination)


def exchange(one: Path, other: Path) -> bool:
    """Let two files or folders change places. Whether it was done: not where the system can't. Raises OSError."""
    return _renamed(one, other, _flag(EXCHANGE, MAC_EXCHANGE))


def _claim_and_rename(source: Path, destination: Path) -> None:
    """Take the name by an empty file or folder, which fails when it is taken, and replace that."""
    if source.is_dir():
        destination.mkdir()
    else:
        destination.touch(exist_ok=False)
    try:
        source.replace(destination)
    except OSError:
        if source.is_dir():
            destination.rmdir()
        else:
            destination.unlink()
        raise


def _renamed(source: Path, destination: Path, flag: int) -> bool:
    rename = _system_rename()
    if rename is None:
        return False
    code = rename(os.fsencode(source), os.fsencode(destination), flag)
    if code in UNKNOWN_HERE:
        return False
    if code:
        raise OSError(code, os.strerror(code), str(source), None, str(destination))
    return True


def _flag(linux: int, mac: int) -> int:
    return mac if sys.platform == "darwin" else linux


@cache
def _system_rename() -> Callable[[bytes, bytes, int], int] | None:
    """The C library's rename with a flag, which returns an errno, 0 when it was done; None where there is none."""
    try:
        library = ctypes.CDLL(None, use_errno=True)
        function = library.renamex_np if sys.platform == "darwin" else library.renameat2
    except (OSError, TypeError, AttributeError):
        return None

    def rename(source: bytes, destination: bytes, flag: int) -> int:
        if sys.platform == "darwin":
            failed = function(source, destination, ctypes.c_uint(flag))
        else:
            failed = function(AT_FDCWD, source, AT_FDCWD, destination, ctypes.c_uint(flag))
        return ctypes.get_errno() if failed else 0

    return rename
