"""safetensors files of unknown origin, read through the door.

The library opens files by their names only, and maps them: a pipe would hold it up, and a file that is cut short while
it is mapped ends the process. Its format is a length, a JSON header and numbers, read here into memory once; writing is
left to the library.
"""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from vae.errors import StorageError
from vae.storage import door
from vae.storage.door import Bytes
from vae.storage.json_files import parse_json
from vae.storage.kinds import MIB, FileKind
from vae.storage.schema import integer, read_as
from vae.storage.validation import MOST_AXES, is_shape, short

LENGTH = 8  # bytes before the header that say how long it is
MOST_HEADER = 4 * MIB
MOST_TENSORS = 10_000
METADATA = "__metadata__"
DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "u1",
    "BOOL": "?",
}
Size = Annotated[int, integer(0, 2**44)]


@dataclass(frozen=True)
class _Tensor:
    """What the header says of one array: where it begins and ends, in bytes after the header."""

    dtype: str
    shape: Annotated[tuple[Size, ...], Meta(max_length=MOST_AXES, description=f"at most {MOST_AXES} sizes")]
    data_offsets: tuple[Size, Size]


def digest_of(arrays: Mapping[str, NDArray[Any]]) -> str:
    """SHA-256 of arrays by name, whatever file they are in: for one that says itself what its arrays were."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].dtype} {arrays[name].shape}\n".encode())
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()


def read_tensors(path: Path, kind: FileKind) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """All arrays by name, and what the file says of itself; only a file whose size its header agrees with is read.

    Raises StorageError.
    """
    with door.opened(path, kind) as file:
        tensors, metadata = _read_header(file, door.where(path))
        data = door.rest_of(file, path)
    return {name: _array(data, tensor) for name, tensor in tensors.items()}, metadata


def read_metadata(path: Path, kind: FileKind) -> dict[str, str]:
    """What a file says of itself, checked against its size; its arrays are not read. Raises StorageError."""
    with door.opened(path, kind) as file:
        return _read_header(file, door.where(path))[1]


def tensors_of(content: Bytes, where: str) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """The arrays in a file's content, which they share. Raises StorageError."""
    length = _header_length(bytes(content[:LENGTH]), len(content), where)
    begin = LENGTH + length
    tensors, metadata = _header(bytes(content[LENGTH:begin]), len(content) - begin, where)
    return {name: _array(content[begin:], tensor) for name, tensor in tensors.items()}, metadata


def _read_header(file: io.BufferedReader, where: str) -> tuple[dict[str, _Tensor], dict[str, str]]:
    """As `_header`, of a file that is read up to its numbers."""
    size = file.seek(0, 2)
    file.seek(0)
    length = _header_length(file.read(LENGTH), size, where)
    return _header(file.read(length), size - LENGTH - length, where)


def _array(data: Bytes, tensor: _Tensor) -> NDArray[Any]:
    start, end = tensor.data_offsets
    part = data[start:end]
    dtype = np.dtype(DTYPES[tensor.dtype])
    if dtype.kind == "b":
        part = (part != 0).view(np.uint8)  # any other byte is no truth value that numpy may hold
    if part.ctypes.data % dtype.itemsize:
        part = part.copy()
    return part.view(dtype).reshape(tensor.shape)


def _header_length(first: bytes, size: int, where: str) -> int:
    length = int.from_bytes(first, "little")
    if len(first) < LENGTH or length > size - LENGTH:
        raise _unreadable(where, "it is cut off")
    if length > MOST_HEADER:
        raise _unreadable(where, f"its header has {length:,} bytes, expected at most {MOST_HEADER:,}")
    return length


def _header(header: bytes, data: int, where: str) -> tuple[dict[str, _Tensor], dict[str, str]]:
    """The arrays, which fill the `data` bytes after the header exactly, and the file's own words."""
    try:
        values = parse_json(header)
    except (ValueError, RecursionError) as error:
        raise _unreadable(where, "its header is not valid JSON") from error
    if not isinstance(values, dict) or len(values) > MOST_TENSORS:
        raise _unreadable(where, f"its header is no object of at most {MOST_TENSORS:,} arrays")
    metadata = read_as(values.pop(METADATA, None) or {}, dict[str, str], f"{where}: its metadata")
    tensors = {name: read_as(told, _Tensor, f"{where}: {short(name)}") for name, told in values.items()}
    reached = 0
    for name, tensor in sorted(tensors.items(), key=lambda item: item[1].data_offsets):
        start, end = tensor.data_offsets
        if tensor.dtype not in DTYPES:
            raise _unreadable(where, f"{short(name)} is of type {short(tensor.dtype)}, which it can't hold")
        if not is_shape(tensor.shape):
            raise _unreadable(where, f"{short(name)} has shape {short(tensor.shape)}, more than there can be")
        wanted = math.prod(tensor.shape) * np.dtype(DTYPES[tensor.dtype]).itemsize
        if start != reached or end - start != wanted:
            raise _unreadable(where, f"{short(name)} lies at {start:,} to {end:,}, expected {wanted:,} bytes")
        reached = end
    if reached != data:
        raise _unreadable(where, f"it holds {data:,} bytes of numbers, its header promises {reached:,}")
    return tensors, metadata


def _unreadable(where: str, why: str) -> StorageError:
    return StorageError(f"{where} is not a readable safetensors file ({why}).")
