"""The rows of a CSV file of somebody else's: bounded before they are made, in whatever encoding."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass

from vae.errors import DatasetError

MOST_ROWS, MOST_CELLS = 500_000, 5_000_000
MOST_CELL = 4_000  # characters


@dataclass(frozen=True)
class CsvRows:
    """The rows that are not empty, and what stands between cells: a comma, a semicolon or a tab."""

    rows: list[list[str]]
    delimiter: str


def read(raw: bytes, where: str) -> CsvRows:
    """The content of a CSV file, which messages call `where`. Raises DatasetError for one too large, and for none."""
    text = _decoded(raw)
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    if (cells := text.count(delimiter) + text.count("\n")) > MOST_CELLS:  # before a row of millions is made
        raise DatasetError(f"{where} has {cells:,} cells, expected at most {MOST_CELLS:,}.")
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if len(rows) > MOST_ROWS or any(len(cell) > MOST_CELL for cell in row):
                raise DatasetError(
                    f"{where} has more than {MOST_ROWS:,} rows, or a cell of more than {MOST_CELL:,} characters."
                )
            if row:
                rows.append(row)
    except csv.Error as error:
        raise DatasetError(f"{where} is no CSV file that can be read: {error!s:.100}.") from error
    return CsvRows(rows, delimiter)


def _decoded(raw: bytes) -> str:
    """UTF-8, UTF-16 where it says so, else what Windows in the West wrote, in which every byte is a letter."""
    sixteen = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return raw.decode("utf-16" if sixteen else "utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
