"""Scores and decisions as CSV, written row by row: a file in one step, or bytes for a page. Imports no torch.

UTF-8, RFC 4180. A cell that a spreadsheet would take for a formula begins with an apostrophe.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TextIO

from vae.anomalies.detectors import Decisions
from vae.anomalies.sources import Chunk
from vae.errors import ScoreError
from vae.storage.files import new_file
from vae.storage.printing import cell
from vae.storage.reporting import write_errors_as

ANOMALY, NORMAL = "anomaly", "normal"
CONFIRMED, REJECTED = "confirmed", "rejected"  # by a person: it is an anomaly, it is none
NO_REVIEWS: Mapping[int, str] = MappingProxyType({})


@dataclass(frozen=True)
class Columns:
    """Which of the columns that not every source has are written."""

    row: bool
    label: bool
    review: bool = False

    @property
    def names(self) -> list[str]:
        """The header."""
        known = [*["row"] * self.row, *["class"] * self.label]
        return ["name", *known, "score", "higher_than", "held_out", "decision", *["review"] * self.review]


@dataclass(frozen=True)
class ReportRow:
    """One image: `higher_than` of `held_out` normal images score lower; `label` is its class's name, `review` what a
    person has said of the decision, each "" for none.
    """

    name: str
    score: float
    higher_than: int
    held_out: int
    anomaly: bool
    row: int | None = None
    label: str = ""
    review: str = ""


def rows_of(
    chunk: Chunk, decisions: Decisions, class_names: tuple[str, ...], reviews: Mapping[int, str] = NO_REVIEWS
) -> Iterator[ReportRow]:
    """The rows of a chunk's images, in order; `reviews` by their place in it."""
    for k, name in enumerate(chunk.names):
        label = -1 if chunk.labels is None else int(chunk.labels[k])
        yield ReportRow(
            name=name,
            score=float(decisions.scores[k]),
            higher_than=int(decisions.higher_than[k]),
            held_out=decisions.held_out,
            anomaly=bool(decisions.flagged[k]),
            row=None if chunk.rows is None else int(chunk.rows[k]),
            label=class_names[label] if label >= 0 else "",
            review=reviews.get(k, ""),
        )


def write(path: Path, rows: Iterable[ReportRow], columns: Columns) -> int:
    """Write rows as they come; the file at `path` is the old one until all are there. Returns how many.

    What `rows` raises leaves nothing behind. Raises ScoreError when the file can't be written.
    """
    with (
        write_errors_as(ScoreError, path),
        new_file(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        return _write(file, rows, columns)


def to_bytes(rows: Iterable[ReportRow], columns: Columns) -> bytes:
    """The same file in memory."""
    file = io.StringIO(newline="")
    _write(file, rows, columns)
    return file.getvalue().encode()


def _write(file: TextIO, rows: Iterable[ReportRow], columns: Columns) -> int:
    writer, count = csv.writer(file), 0
    writer.writerow(columns.names)
    for row in rows:
        writer.writerow(_cells(row, columns))
        count += 1
    return count


def _cells(row: ReportRow, columns: Columns) -> list[str]:
    return [
        cell(row.name),
        *["" if row.row is None else str(row.row)] * columns.row,
        *[cell(row.label)] * columns.label,
        repr(row.score),  # every digit: whoever compares it with the threshold decides as we did
        str(row.higher_than),
        str(row.held_out),
        ANOMALY if row.anomaly else NORMAL,
        *[row.review] * columns.review,
    ]
