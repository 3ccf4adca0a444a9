"""Reading files that may be damaged or hostile, and writing files in one step."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import safetensors
from numpy.typing import NDArray

from vae.errors import StorageError
from vae.storage.renaming import exchange, rename_new
from vae.storage.temporary import beside, make_folders, temporary_file, temporary_folder

MAX_JSON_BYTES = 4 * 2**20
MAX_TENSOR_BYTES = 4 * 2**30


# --- writing ----------------------------------------------------------------------------------------------------------


def write_atomically(path: Path, content: bytes) -> None:
    """Put `content` at `path` so that a reader sees the old file or the new one, never a part; makes its folder.

    Raises OSError.
    """
    make_folders(path.parent)
    with new_file(path) as temporary:
        temporary.write_bytes(content)


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


# --- reading ----------------------------------------------------------------------------------------------------------


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def parse_json(raw: str | bytes) -> Any:
    """The value, whose every string can be written as UTF-8: JSON's "\\ud800" can't, and would break a page later.

    Raises ValueError (UnicodeEncodeError for such a string) and RecursionError.
    """
    values = json.loads(raw)
    json.dumps(values, ensure_ascii=False).encode("utf-8")
    return values


def read_json(path: Path) -> tuple[dict[str, Any], bytes]:
    where = f"{path.parent.name}: {path.name}"
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            raise StorageError(f"{where} has {path.stat().st_size:,} bytes, expected at most {MAX_JSON_BYTES:,}.")
        raw = path.read_bytes()
        values = parse_json(raw)
    except UnicodeEncodeError as error:
        raise StorageError(f"{where} holds text that is no Unicode (a lone surrogate), expected UTF-8.") from error
    except OSError as error:
        raise StorageError(f"{where} can't be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise StorageError(f"{where} is not valid JSON.", "Restore it, or delete the folder.") from error
    if not isinstance(values, dict):
        raise StorageError(f"{where} holds a {type(values).__name__}, expected an object.")
    return values, raw


def read_tensors(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    where = f"{path.parent.name}: {path.name}"
    try:
        if path.stat().st_size > MAX_TENSOR_BYTES:
            raise StorageError(f"{where} has {path.stat().st_size:,} bytes, more than this program opens.")
        with safetensors.safe_open(path, framework="numpy") as file:
            names = list(file.keys())
            return {name: file.get_tensor(name) for name in names}, dict(file.metadata() or {})
    except StorageError:
        raise
    except Exception as error:  # safetensors raises what numpy raises for types that numpy lacks, and more
        raise StorageError(f"{where} is not a readable safetensors file ({error}).") from error
