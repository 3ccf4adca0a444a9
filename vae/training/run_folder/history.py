"""The numbers of a training run, one row per finished epoch, in its run folder's history.csv. No torch."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

from vae.errors import StorageError
from vae.storage import kinds
from vae.storage.array_files import read_table
from vae.storage.files import open_to_append, write_atomically

FILE = "history.csv"
MOST_ROWS = 2_000
EpochRow = dict[str, float]


def write(folder: Path, rows: list[EpochRow]) -> None:
    """Replace the whole history: when a run begins, and when it is resumed. Raises OSError."""
    write_atomically(folder / FILE, as_text(rows).encode())


def append(folder: Path, row: EpochRow) -> None:
    """Add the row of a finished epoch. Raises OSError."""
    path = folder / FILE
    with open_to_append(path) as file:
        file.write(_text([row], header=file.tell() == 0).encode())


def read(folder: Path) -> list[EpochRow]:
    """All complete rows, oldest first; none where there is no history. A row that is being written is left out."""
    try:
        lines = iter(read_table(folder / FILE, kinds.RUN_HISTORY))
        header = next(lines, [])
        return [row for row in (_row(header, values) for values in lines) if row]
    except StorageError:
        return []


def thinned(rows: list[EpochRow]) -> list[EpochRow]:
    """At most about MOST_ROWS of them, evenly, with the first and the last: what a checkpoint keeps of a long run."""
    stride = -(-len(rows) // MOST_ROWS)
    return [row for i, row in enumerate(rows) if i % max(stride, 1) == 0 or i == len(rows) - 1]


def _row(header: list[str], values: list[str]) -> EpochRow | None:
    try:
        row = {name: float(value) for name, value in zip(header, values, strict=True)}
    except ValueError:
        return None
    return row if all(map(math.isfinite, row.values())) else None


def as_text(rows: list[EpochRow]) -> str:
    """A whole history as its file holds it."""
    return _text(rows, header=True)


def _text(rows: list[EpochRow], header: bool) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    if header and rows:
        writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
