"""ZIP archives of strangers: how much they say they hold is looked at before any of it is unpacked.

Python's zipfile reads the list of an archive's files at once, so that list is bounded; a member gives no more bytes
than the list promises. Nothing is unpacked to disk, so no name can lead anywhere.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from vae.errors import StorageError
from vae.storage import door
from vae.storage.array_files import MOST_HEADER, npy_header
from vae.storage.kinds import FileKind
from vae.storage.printing import visible

MOST_LIST = 24 * 2**20  # bytes of the list of files: a quarter of a million names
MOST_RATIO, FREE_BYTES = 200, 2**28  # times its own size that an archive may hold, beyond what anything may
LONGEST_NAME = 1_000  # characters
READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others ask for memory as a file says
ENCRYPTED = 0x1
BAD = (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, OSError, RuntimeError, zlib.error)


class _Listed(io.BufferedIOBase):
    """An archive whose list is read in one piece of bounded size."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0 or size > MOST_LIST:
            found = self._file.read(MOST_LIST + 1)
            if len(found) > MOST_LIST:
                raise StorageError(f"Its list of files has more than {MOST_LIST:,} bytes.")
            return found
        return self._file.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True


@contextmanager
def opened(path: Path, kind: FileKind) -> Iterator[zipfile.ZipFile]:
    """Inside, an archive whose list has been checked. Raises StorageError."""
    with door.opened(path, kind) as file, listed(file, door.where(path)) as archive:
        yield archive


@contextmanager
def listed(file: BinaryIO, where: str) -> Iterator[zipfile.ZipFile]:
    """As `opened`, of a file that is open already, such as an upload; messages call it `where`."""
    size = file.seek(0, io.SEEK_END)
    try:
        archive = zipfile.ZipFile(cast(IO[bytes], _Listed(file)))
    except StorageError as error:
        raise StorageError(f"{where} can't be read as a ZIP. {error.message}", "Make several smaller ones.") from error
    except BAD as error:
        raise StorageError(
            f"{where} is no ZIP archive that can be read ({error!s:.100}).", "It may be cut short: make it again."
        ) from error
    with archive:
        total = sum(member.file_size for member in archive.infolist())
        if total > FREE_BYTES + MOST_RATIO * size:
            raise StorageError(
                f"{where} has {size:,} bytes and says that it holds {total:,}, expected at most {MOST_RATIO} times as "
                "many.",
                "Archives of images grow little: unpack it yourself and import the folder.",
            )
        yield archive


def content(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> bytes:
    """What one member holds. Raises StorageError, with a few words as its message."""
    check(member, most)
    try:
        with archive.open(member) as file:
            found = file.read(member.file_size + 1)
    except BAD as error:
        raise StorageError(f"damaged in the ZIP ({_few(error)})") from error
    if len(found) != member.file_size:
        raise StorageError("damaged in the ZIP (it is cut short)")
    return found


def check(member: zipfile.ZipInfo, most: int) -> None:
    """Raise StorageError, with a few words as its message, for a member that can't or may not be read."""
    if member.flag_bits & ENCRYPTED:
        raise StorageError("encrypted: make the ZIP without a password")
    if member.compress_type not in READABLE:
        raise StorageError("packed in a way that is not read: make the ZIP with deflate")
    if member.file_size > most:
        raise StorageError(f"{member.file_size:,} bytes, more than {most:,}")


# --- NPZ --------------------------------------------------------------------------------------------------------------


def array_sizes(archive: zipfile.ZipFile) -> int:
    """How many bytes all arrays of an NPZ take in memory, as its list has it."""
    return sum(member.file_size for member in archive.infolist())


def read_arrays(archive: zipfile.ZipFile, where: str) -> dict[str, NDArray[Any]]:
    """The arrays of an NPZ by their names: numbers and fixed-width text; nothing is unpickled. Raises StorageError."""
    found: dict[str, NDArray[Any]] = {}
    for member in archive.infolist():
        name = visible(member.filename)[:LONGEST_NAME].removesuffix(".npy")
        told = f"{where}: {name[:80]}"
        if not member.filename.endswith(".npy"):
            raise StorageError(f"{told} is no array, expected names ending in .npy.", "Write it with numpy.savez.")
        try:
            check(member, member.file_size)
            with archive.open(member) as file:
                head = file.read(MOST_HEADER)
                header = npy_header(head, member.file_size, told, "biufU")
                values = np.empty(member.file_size - header.begin, np.uint8)
                begun = head[header.begin :]
                values[: len(begun)] = np.frombuffer(begun, np.uint8)
                got = len(begun)
                while got < len(values) and (more := file.read(min(2**20, len(values) - got))):
                    values[got : got + len(more)] = np.frombuffer(more, np.uint8)
                    got += len(more)
                if got != len(values) or file.read(1):
                    raise StorageError(f"{told} is cut short.")
        except BAD as error:
            raise StorageError(f"{told} is damaged ({_few(error)}).", "Write it again with numpy.savez.") from error
        found[name] = values.view(header.dtype).reshape(header.shape)
    return found


def _few(error: BaseException) -> str:
    return visible(" ".join(str(error).split()))[:80] or type(error).__name__
