"""Reading files that may be damaged or hostile, and writing files in one step."""

from __future__ import annotations

import hashlib
import json
import secrets
from pathlib import Path
from typing import Any

import safetensors
from numpy.typing import NDArray

from vae.errors import CheckpointError

MAX_JSON_BYTES = 4 * 2**20
MAX_TENSOR_BYTES = 4 * 2**30


def write_atomically(path: Path, content: bytes) -> None:
    """Put `content` at `path` so that a reader sees the old file or the new one, never a part. Raises OSError."""
    temporary = _beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def check_writable(path: Path) -> None:
    """Raise the OSError that `write_atomically` would, but for a disk that is full; its folder must be there."""
    temporary = _beside(path)
    try:
        temporary.touch(exist_ok=False)
    finally:
        temporary.unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")


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
            raise CheckpointError(f"{where} has {path.stat().st_size:,} bytes, expected at most {MAX_JSON_BYTES:,}.")
        raw = path.read_bytes()
        values = parse_json(raw)
    except UnicodeEncodeError as error:
        raise CheckpointError(f"{where} holds text that is no Unicode (a lone surrogate), expected UTF-8.") from error
    except OSError as error:
        raise CheckpointError(f"{where} can't be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{where} is not valid JSON.", "Restore it, or delete the folder.") from error
    if not isinstance(values, dict):
        raise CheckpointError(f"{where} holds a {type(values).__name__}, expected an object.")
    return values, raw


def read_tensors(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    where = f"{path.parent.name}: {path.name}"
    try:
        if path.stat().st_size > MAX_TENSOR_BYTES:
            raise CheckpointError(f"{where} has {path.stat().st_size:,} bytes, more than this program opens.")
        with safetensors.safe_open(path, framework="numpy") as file:
            names = list(file.keys())
            return {name: file.get_tensor(name) for name in names}, dict(file.metadata() or {})
    except CheckpointError:
        raise
    except Exception as error:  # safetensors raises what numpy raises for types that numpy lacks, and more
        raise CheckpointError(f"{where} is not a readable safetensors file ({error}).") from error
