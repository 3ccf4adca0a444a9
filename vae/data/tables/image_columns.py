"""Columns of a CSV file about images of a data set: joined to their rows by file name, row number or order."""

from __future__ import annotations

import codecs
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vae import recognition
from vae.data.folders import class_table
from vae.data.folders.class_table import RawTable
from vae.data.tables import csv_rows
from vae.errors import DatasetError
from vae.storage.printing import visible
from vae.storage.validation import short

MOST_BYTES = 32 * 2**20
MOST_COLUMNS = 100
LARGEST = float(np.finfo(np.float32).max)
LONGEST = 60  # characters of a name and of a category
ROWS = ("row", "rows", "row number", "row_number", "index", "idx")
NO_NUMBER = frozenset({"", "nan", "na", "n/a", "null", "none", "-", "?"})  # in a column of numbers


@dataclass(frozen=True)
class NumberColumn:
    """A number of each image (N,), float32, NaN of those without a value."""

    name: str
    values: NDArray[np.float32]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which images have a value (N,)."""
        found: NDArray[np.bool_] = np.isfinite(self.values)
        return found


@dataclass(frozen=True)
class TextColumn:
    """A word of each image: `codes` (N,), int64, are places in `categories`, the most frequent first; −1: no value."""

    name: str
    categories: tuple[str, ...]
    codes: NDArray[np.int64]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which images have a value (N,)."""
        found: NDArray[np.bool_] = self.codes >= 0
        return found


ImageColumn = NumberColumn | TextColumn


@dataclass(frozen=True)
class ImageTable:
    """A CSV file joined to the images of a data set: `matched` of them have a row in it.

    `joined_by` is "file name", "row number" or "order". `unknown` rows name no image, `repeated` ones an image that an
    earlier row names, which counts. `left_out` columns were too many.
    """

    name: str
    columns: tuple[ImageColumn, ...]
    joined_by: str
    matched: int
    unknown: int
    repeated: int
    left_out: int

    def column(self, name: str) -> ImageColumn | None:
        """The column of this name."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True)
class _Join:
    """The row of the table (counted from 0) of each image (N,), −1 for none; the column that says so, None of order."""

    by: str
    column: int | None
    row_of: NDArray[np.int64]
    unknown: int
    repeated: int


def joined(table: RawTable, count: int, files: Sequence[str] | None) -> ImageTable:
    """A table's columns for `count` images, whose relative paths are `files` where they are known.

    Raises DatasetError for what is no CSV file, one that is too large, or one that can't be joined.
    """
    where = visible(table.name)[-80:]
    _refuse(table, where)
    found = csv_rows.read(table.raw, where)
    if len(found.rows) < 2:
        raise DatasetError(
            f"{where} has {_counted(len(found.rows), 'row')}, expected a line of headings and one for each image."
        )
    headings, rows = found.rows[0], found.rows[1:]
    join = _join(where, headings, rows, count, files)
    if not (join.row_of >= 0).any():
        raise DatasetError(f"No row of {where} is about one of these {count:,} images, joined by {join.by}.")
    others = [k for k in range(len(headings)) if k != join.column]
    columns = (
        _column(name, [row[k].strip() if k < len(row) else "" for row in rows], join.row_of, found.delimiter == ";")
        for name, k in zip(_names(headings), range(len(headings)), strict=True)
        if k in others[:MOST_COLUMNS]
    )
    kept = tuple(column for column in columns if column is not None)
    if not kept:
        raise DatasetError(f"{where} has no column with values beside the one that names the images.")
    matched, left_out = int((join.row_of >= 0).sum()), max(0, len(others) - MOST_COLUMNS)
    return ImageTable(where, kept, join.by, matched, join.unknown, join.repeated, left_out)


def _refuse(table: RawTable, where: str) -> None:
    if len(table.raw) > MOST_BYTES:
        raise DatasetError(
            f"{where} has {len(table.raw) / 2**20:,.0f} MB, expected at most {MOST_BYTES // 2**20}.",
            "Leave out the columns that are not needed.",
        )
    if not table.raw.strip():
        raise DatasetError(f"{where} is an empty file, expected a CSV file.")
    head = table.raw[: 2**12]
    if b"\0" in head and not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        found = recognition.of_content(table.name, head)
        raise DatasetError(f"{where} is {found.words}, expected a CSV file.", found.hint)


def _join(where: str, headings: list[str], rows: list[list[str]], count: int, files: Sequence[str] | None) -> _Join:
    """By file names if any are there, else by a column of row numbers, else by order where there is a row for each."""
    lower = [heading.strip().lower() for heading in headings]
    named_by = None if files is None else class_table.file_column(lower, [headings, *rows], list(files))
    if files is not None and named_by is not None:
        return _by_name(named_by, rows, files)
    numbered_by = next((lower.index(name) for name in ROWS if name in lower), None)
    if numbered_by is not None:
        return _by_row(numbered_by, rows, count)
    if len(rows) == count:
        return _Join("order", None, np.arange(count), 0, 0)
    names = "" if files is None else " No column names their files, either."
    raise DatasetError(
        f"{where} has {_counted(len(rows), 'row')} of data for {count:,} images, and no column that says which is "
        f"which: its headings are {short(', '.join(headings))}.{names}",
        f"Call a column `{ROWS[0]}`, with the images' row numbers from 0 to {count - 1:,}"
        + (", or one `file`, with the names of their files." if files is not None else "."),
    )


def _by_name(column: int, rows: list[list[str]], files: Sequence[str]) -> _Join:
    first: dict[str, int] = {}
    repeated = 0
    for k, row in enumerate(rows):
        name = class_table.bare(row[column]) if column < len(row) else ""
        if name and first.setdefault(name, k) != k:
            repeated += 1
    row_of = np.full(len(files), -1, np.int64)
    used = set()
    for image, path in enumerate(files):
        called = next((one for one in class_table.tails(path) if one in first), None)
        if called is not None:
            row_of[image] = first[called]
            used.add(called)
    return _Join("file name", column, row_of, len(rows) - repeated - len(used), repeated)


def _by_row(column: int, rows: list[list[str]], count: int) -> _Join:
    row_of = np.full(count, -1, np.int64)
    unknown = repeated = 0
    for k, row in enumerate(rows):
        cell = row[column].strip() if column < len(row) else ""
        at = int(cell) if cell.isascii() and cell.isdigit() and len(cell) < 12 else -1
        if not 0 <= at < count:
            unknown += 1
        elif row_of[at] >= 0:
            repeated += 1
        else:
            row_of[at] = k
    return _Join("row number", column, row_of, unknown, repeated)


def _names(headings: list[str]) -> list[str]:
    """A name of its own for each column."""
    found: list[str] = []
    for k, heading in enumerate(headings):
        name = visible(" ".join(heading.split()))[:LONGEST] or f"column {k + 1}"
        same = sum(other == name or other.startswith(f"{name} (") for other in found)
        found.append(f"{name} ({same + 1})" if name in found else name)
    return found


def _column(name: str, cells: list[str], row_of: NDArray[np.int64], decimal_comma: bool) -> ImageColumn | None:
    """The values of each image; None where none has any."""
    own = [cells[row] if row >= 0 else "" for row in row_of.tolist()]
    numbers = _numbers(own, decimal_comma)
    if numbers is not None:
        return NumberColumn(name, numbers) if np.isfinite(numbers).any() else None
    words = [visible(" ".join(cell.split()))[:LONGEST] for cell in own]
    counts = Counter(word for word in words if word)
    categories = tuple(sorted(counts, key=lambda word: (-counts[word], word)))
    code_of = {word: code for code, word in enumerate(categories)}
    codes = np.array([code_of.get(word, -1) for word in words], np.int64)
    return TextColumn(name, categories, codes) if categories else None


def _numbers(cells: list[str], decimal_comma: bool) -> NDArray[np.float32] | None:
    """Numbers, NaN where there is none; None where a cell is a word."""
    found = np.full(len(cells), np.nan, np.float32)
    for k, cell in enumerate(cells):
        if cell.lower() in NO_NUMBER:
            continue
        try:
            value = float(cell.replace(",", ".", 1) if decimal_comma else cell)
        except ValueError:
            return None
        if math.isfinite(value) and abs(value) < LARGEST:
            found[k] = value
    return found


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
