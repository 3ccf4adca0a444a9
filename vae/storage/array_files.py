"""Numbers in NumPy's, IDX's and CSV's formats, of strangers: bounded before they are made; nothing is unpickled."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae.errors import StorageError
from vae.storage import door
from vae.storage.kinds import FileKind
from vae.storage.validation import is_shape, short

MOST_HEADER = 2**16  # bytes
IDX_BYTES = b"\0\0\x08"  # what IDX files of unsigned bytes begin with


@dataclass(frozen=True)
class NpyHeader:
    """What a .npy file says of its array, and where that begins."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    begin: int


def read_npy(path: Path, kind: FileKind) -> NDArray[Any]:
    """The array in a .npy file. Raises StorageError."""
    content = door.read_at_once(path, kind)
    header = npy_header(bytes(content[:MOST_HEADER]), len(content), door.where(path))
    return content[header.begin :].view(header.dtype).reshape(header.shape)


def map_npy(path: Path, kind: FileKind) -> np.memmap[Any, np.dtype[Any]]:
    """The array in a .npy file, read as its parts are asked for. Raises StorageError."""
    with door.opened(path, kind) as file:
        header = npy_header(file.read(MOST_HEADER), file.seek(0, 2), door.where(path))
        try:
            return np.memmap(file, header.dtype, "r", header.begin, header.shape)
        except ValueError as error:  # it became shorter
            raise StorageError(f"{door.where(path)} was changed while it was read.", "Try again.") from error


def read_idx(path: Path, kind: FileKind) -> NDArray[np.uint8]:
    """An uncompressed IDX file of unsigned bytes, as torchvision leaves it on disk. Raises StorageError.

    torchvision reads the same files (a test compares the two), but importing it takes 3.5 s, longer than the whole
    first view of Explore. Format: two zero bytes, the type 0x08, the number of dimensions, each size as a big-endian
    uint32.
    """
    where, raw = door.where(path), door.read_at_once(path, kind)
    if len(raw) < 4 or bytes(raw[:3]) != IDX_BYTES:
        raise StorageError(f"{where} is not an IDX file of bytes.")
    rank = int(raw[3])
    start = 4 + 4 * rank
    shape = tuple(int(n) for n in raw[4:start].view(">u4")) if len(raw) >= start else ()
    if not shape or 0 in shape or not is_shape(shape) or len(raw) - start != math.prod(shape):
        raise StorageError(
            f"{where} holds {max(0, len(raw) - start):,} bytes of data, its header promises {short(shape)}."
        )
    return raw[start:].reshape(shape)


def npy_header(first: bytes, size: int, where: str, kinds: str = "biuf") -> NpyHeader:
    """What a .npy file of `size` bytes, which begins with `first`, says of its array: it must fill the rest exactly.

    `kinds` are NumPy's letters for the types that it may have. Raises StorageError.
    """
    file = io.BytesIO(first)
    try:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = read(file)
    except Exception as error:  # what Python's own parser makes of a hostile header has no common parent
        raise StorageError(f"{where} is no NumPy array that can be read ({error!s:.100}).") from error
    if fortran or dtype.kind not in kinds or not is_shape(shape):
        raise StorageError(f"{where} holds {short(dtype)} of shape {short(shape)}, expected plain numbers.")
    begin = file.tell()
    if size - begin != math.prod(shape) * dtype.itemsize:
        raise StorageError(f"{where} holds {size - begin:,} bytes of numbers, its header promises {short(shape)}.")
    return NpyHeader(shape, dtype, begin)


# --- CSV --------------------------------------------------------------------------------------------------------------

MOST_ROWS = 110_000  # a run may have 100,000 epochs
MOST_COLUMNS = 300
MOST_CELLS = 4_000_000
MOST_CELL = 100  # characters


def read_table(path: Path, kind: FileKind) -> Iterator[list[str]]:
    """As `rows_of`, of a file."""
    return rows_of(door.read(path, kind), door.where(path))


def rows_of(raw: bytes, where: str) -> Iterator[list[str]]:
    """The rows in a file's content, the headings first; rows may differ in length.

    Only what ends in a line break, so not what is being written. Raises StorageError that calls the file `where`, also
    from the iterator.
    """
    whole = raw[: raw.rfind(b"\n") + 1]
    rows, commas = whole.count(b"\n"), whole.count(b",")
    if rows > MOST_ROWS or commas > MOST_CELLS:
        raise StorageError(
            f"{where} has {rows:,} rows and {commas:,} commas, expected at most {MOST_ROWS:,} and {MOST_CELLS:,}."
        )
    return _rows(whole, where)


def _widest(whole: bytes) -> int:
    """How many bytes there are at most between two commas or ends of lines."""
    content = np.frombuffer(whole, np.uint8)
    ends = np.flatnonzero((content == ord(",")) | (content == ord("\n")))
    return int(np.diff(ends, prepend=-1).max(initial=0)) - 1


def _rows(whole: bytes, where: str) -> Iterator[list[str]]:
    may_be_long = b'"' in whole or _widest(whole) > MOST_CELL  # most files need not be asked row by row
    try:
        for row in csv.reader(io.TextIOWrapper(io.BytesIO(whole), "utf-8", newline="\n")):
            if len(row) > MOST_COLUMNS:
                raise StorageError(f"{where} has a row of {len(row):,} columns, expected at most {MOST_COLUMNS}.")
            if may_be_long and max(map(len, row), default=0) > MOST_CELL:
                longest = max(row, key=len)
                raise StorageError(f"{where} holds {short(longest)}, expected at most {MOST_CELL} characters.")
            yield row
    except (UnicodeDecodeError, csv.Error) as error:
        raise StorageError(f"{where} is damaged: {error!s:.100}.") from error
