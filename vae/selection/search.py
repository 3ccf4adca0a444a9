"""Images found by what somebody types: a row, a class, a tag, a file name. numpy only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vae.selection.tag_files import Tag

MOST = 8  # found ones that are listed
LONGEST = 200  # characters of what is typed; more finds nothing
Kind = Literal["row", "class", "tag", "files", "file"]
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Found:
    """Images that fit: what they have in common, its name, and their rows (n,), ascending."""

    kind: Kind
    name: str
    rows: Rows


@dataclass(frozen=True, eq=False)
class Searched:
    """What is searched: labels of all images (N,), the names of classes, tags, and files where they are known (N)."""

    labels: NDArray[np.int64]
    class_names: Sequence[str]
    tags: Sequence[Tag] = ()
    file_names: Sequence[str] | None = None


def find(query: str, searched: Searched) -> list[Found]:
    """At most MOST things that fit, without regard to case: a row of this number, then classes and tags, those of
    exactly this name first, then all files whose path holds it, and the first of them.
    """
    wanted = query.strip().casefold()
    if not wanted or len(wanted) > LONGEST:
        return []
    found = [*_row(wanted, len(searched.labels)), *_named(wanted, searched)]
    return [*found, *_files(wanted, searched.file_names or ())][:MOST]


def _row(wanted: str, count: int) -> list[Found]:
    number = re.fullmatch(r"(?:row\s*|#)?([0-9]{1,9})", wanted)
    row = int(number[1]) if number else count
    return [Found("row", f"{row:,}", np.array([row]))] if row < count else []


def _named(wanted: str, searched: Searched) -> list[Found]:
    there = np.unique(searched.labels)
    classes = [
        Found("class", searched.class_names[label], np.flatnonzero(searched.labels == label))
        for label in there
        if len(there) > 1 and wanted.removeprefix("class ") in searched.class_names[label].casefold()
    ]
    tags = [Found("tag", tag.name, tag.rows) for tag in searched.tags if wanted in tag.name.casefold()]
    return sorted([*classes, *tags], key=lambda one: one.name.casefold() != wanted.removeprefix("class "))


def _files(wanted: str, names: Sequence[str]) -> list[Found]:
    rows = np.array([row for row, name in enumerate(names) if wanted in name.casefold()], np.int64)
    every = [Found("files", wanted, rows)] if len(rows) > 1 else []
    return [*every, *(Found("file", names[row], np.array([row])) for row in rows[:MOST].tolist())]
