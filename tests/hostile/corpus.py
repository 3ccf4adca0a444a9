"""All cases: each kind of file with everything that can stand in its place.

A case is made in a house of its own (house.py), then read. What must not happen is said in guard.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.hostile import array_files, entries, json_texts, tables, tensor_files
from tests.hostile.guard import GOOD
from tests.hostile.house import House
from tests.hostile.kinds import FAMILIES, KINDS, Kind


@dataclass(frozen=True)
class Case:
    """`make` damages a house, `read` looks at it. `refused`: nothing may come of it."""

    name: str
    make: Callable[[House], object]
    read: Callable[[House], object]
    refused: bool


Changes = dict[str, Callable[[Path], object]]
FIRST = [
    next(kind for kind in KINDS if kind.family == family) for family in FAMILIES
]  # of each family, one meets all that its text may hold


def _bytes(change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(change(path.read_bytes()))


def _json(change: json_texts.Change) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        text = change(json.loads(path.read_bytes()))
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))

    return write


def _changes(kind: Kind) -> tuple[Changes, Changes]:
    """What a reader of this kind must refuse, and what it may make something of."""
    no: dict[str, Callable[[Path], object]] = {}
    perhaps: dict[str, Callable[[Path], object]] = {}
    match kind.family:
        case "json":
            no |= _all(_json, json_texts.NO_OBJECT)
            perhaps |= _all(_json, json_texts.OTHER_VALUES | json_texts.LARGE)
        case "tensors" | "tensors with metadata":
            no |= _all(_bytes, tensor_files.NO_FILE | tensor_files.LARGE)
            perhaps |= _all(_bytes, tensor_files.OTHER_ARRAYS)
            if kind.family == "tensors with metadata":
                perhaps |= _all(_bytes, tensor_files.OTHER_METADATA)
        case "table":
            no |= _all(_bytes, tables.NO_TABLE)
            perhaps |= _all(_bytes, tables.PERHAPS)
        case "npy":
            no |= _all(_bytes, array_files.NPY)
        case "labels":
            no |= _all(_bytes, array_files.NPY | array_files.LABELS)
    return no, perhaps


def _all(applied: Callable[[Any], Callable[[Path], object]], changes: Mapping[str, Any]) -> Changes:
    return {name: applied(change) for name, change in changes.items()}


def _made(kind: Kind, change: Callable[[Path], object]) -> Callable[[House], object]:
    def make(house: House) -> None:
        change(kind.place(house))
        kind.agree(house)

    return make


def of_kind(kind: Kind) -> Iterator[Case]:
    """Every case of one kind of file; the first is the good one."""
    no, perhaps = _changes(kind) if kind in FIRST else ({}, {})
    yield Case(f"{kind.name} {GOOD}", kind.agree, kind.read, refused=False)
    must: Changes = entries.NO_FILE | no
    for name, change in (must | entries.NO_CONTENT | entries.PERHAPS | perhaps).items():
        yield Case(f"{kind.name} {name}", _made(kind, change), kind.read, name in must)


def cases() -> list[Case]:
    """All of them, in order."""
    return [case for kind in KINDS for case in of_kind(kind)]
