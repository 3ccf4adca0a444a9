"""CSV files of numbers, of unknown origin: bounded in rows and columns before they are taken apart."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from vae.errors import StorageError
from vae.storage import door
from vae.storage.kinds import FileKind
from vae.storage.validation import short

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


def _rows(whole: bytes, where: str) -> Iterator[list[str]]:
    try:
        for row in csv.reader(io.TextIOWrapper(io.BytesIO(whole), "utf-8", newline="\n")):
            if len(row) > MOST_COLUMNS:
                raise StorageError(f"{where} has a row of {len(row):,} columns, expected at most {MOST_COLUMNS}.")
            if long := next((cell for cell in row if len(cell) > MOST_CELL), ""):
                raise StorageError(f"{where} holds {short(long)}, expected at most {MOST_CELL} characters.")
            yield row
    except (UnicodeDecodeError, csv.Error) as error:
        raise StorageError(f"{where} is damaged: {error!s:.100}.") from error
