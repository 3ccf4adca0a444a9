"""Reading files that may be damaged or hostile, and writing files in one step."""

from __future__ import annotations

import contextlib
import glob
import hashlib
import json
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import safetensors
from numpy.typing import NDArray

from vae.errors import StorageError

MAX_JSON_BYTES = 4 * 2**20
MAX_TENSOR_BYTES = 4 * 2**30
TEMPORARY = ".tmp"  # ends the names of what is being written
LEFTOVER_SECONDS = 600.0  # no writer rests as long: what is older was left behind by one that was killed


# --- writing ----------------------------------------------------------------------------------------------------------


def write_atomically(path: Path, content: bytes) -> None:
    """Put `content` at `path` so that a reader sees the old file or the new one, never a part; makes its folder.

    Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with new_file(path) as temporary:
        temporary.write_bytes(content)


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Yield where to write a file that takes the place of the one at `path` once the block is done.

    A block that raises changes nothing and leaves nothing behind. Raises OSError.
    """
    with _temporary(path) as temporary:
        yield temporary
        temporary.replace(path)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder that becomes the one at `path`, where none may be, once the block is done.

    A block that raises leaves nothing behind. Raises OSError, also when there is a folder at `path` by then.
    """
    with _temporary(path) as temporary:
        temporary.mkdir(parents=True)
        yield temporary
        temporary.rename(path)


@contextmanager
def replaced_folder(path: Path) -> Iterator[Path]:
    """As `new_folder`, for a folder that takes the place of the one at `path`. Raises OSError."""
    with _temporary(path) as temporary, _temporary(path) as old:
        temporary.mkdir()
        yield temporary
        path.rename(old)
        try:
            temporary.rename(path)
        except OSError:
            old.rename(path)
            raise


@contextmanager
def _temporary(path: Path) -> Iterator[Path]:
    """A free name beside `path`; what is there at the end of the block is removed, as is what killed writers left."""
    for leftover in path.parent.glob(f".{glob.escape(path.name)}.*{TEMPORARY}"):
        with contextlib.suppress(OSError):
            if time.time() - _last_written(leftover) > LEFTOVER_SECONDS:
                _remove(leftover)
    temporary = _beside(path)
    try:
        yield temporary
    finally:
        _remove(temporary)


def check_writable(path: Path) -> None:
    """Raise the OSError that `write_atomically` would, but for a disk that is full; its folder must be there."""
    temporary = _beside(path)
    try:
        temporary.touch(exist_ok=False)
    finally:
        temporary.unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}{TEMPORARY}")


def _last_written(path: Path) -> float:
    """When the file, or anything in the folder, was last written to, in seconds since 1970."""
    return max(found.stat().st_mtime for found in (path, *path.rglob("*")))


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


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
