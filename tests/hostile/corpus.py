"""All cases: each kind of file with everything that can stand in its place, names, and folders of the program.

A case is made in a house of its own (house.py), then read. What must not happen is said in guard.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.hostile import entries, names, told
from tests.hostile import house as houses
from tests.hostile.contents import archives, array_files, json_texts, pictures, tables, tensor_files
from tests.hostile.guard import GOOD
from tests.hostile.house import House
from tests.hostile.kinds import (
    FAMILIES,
    KINDS,
    Kind,
    uploaded_directions,
    uploaded_picture,
    uploaded_to_score,
)
from vae.generation import direction_files


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
            perhaps |= _all(_json, json_texts.LARGE)
        case "tensors" | "tensors with metadata":
            no |= _all(_bytes, tensor_files.NO_FILE | tensor_files.LARGE)
            if kind.family == "tensors with metadata":
                perhaps |= _all(_bytes, tensor_files.OTHER_METADATA)
        case "table":
            no |= _all(_bytes, tables.NO_TABLE)
            perhaps |= _all(_bytes, tables.PERHAPS)
        case "npy":
            no |= _all(_bytes, array_files.NPY)
        case "labels":
            no |= _all(_bytes, array_files.NPY | array_files.LABELS)
        case "idx":
            no |= _all(_bytes, array_files.IDX)
        case "zip":
            no |= _all(_bytes, archives.ZIP)
        case "picture":
            no |= _all(_bytes, pictures.changes() | pictures.by_format())
    return no, perhaps


def _others(kind: Kind) -> Changes:
    """What is whole, with other values: what each reader makes of them is its own."""
    if kind.family == "json":
        return _all(_json, json_texts.OTHER_VALUES)
    return _all(_bytes, tensor_files.OTHER_ARRAYS) if kind.family.startswith("tensors") else {}


def _all(applied: Callable[[Any], Callable[[Path], object]], changes: Mapping[str, Any]) -> Changes:
    return {name: applied(change) for name, change in changes.items()}


def _made(kind: Kind, change: Callable[[Path], object]) -> Callable[[House], object]:
    def make(house: House) -> None:
        change(kind.place(house))
        kind.agree(house)

    return make


def of_kind(kind: Kind) -> Iterator[Case]:
    """Every case of one kind of file; the first is the good one."""
    no, perhaps = _changes(kind) if kind in FIRST or kind.family == "zip" else ({}, {})
    yield Case(f"{kind.name} {GOOD}", kind.agree, kind.read, refused=False)
    must: Changes = entries.NO_FILE | no
    for name, change in (must | entries.NO_CONTENT | entries.PERHAPS | _others(kind) | perhaps).items():
        yield Case(f"{kind.name} {name}", _made(kind, change), kind.read, name in must)


def of_names() -> Iterator[Case]:
    """Names from a person or a URL, and settings of folders."""
    for who, read in names.READERS.items():
        for what, name in names.NAMES.items():
            yield Case(f"{who} called {what}", _nothing, partial(_read_named, read, name), True)
    for variable, look in names.LOOKS.items():
        for what, value in names.FOLDERS.items():
            yield Case(f"VAE_{variable} {what}", _setting(variable, value), look, True)


def _nothing(house: House) -> None:
    """The house stays as it is."""


def of_uploads() -> Iterator[Case]:
    """Pictures and directions from a browser: content alone."""
    for what, change in (pictures.changes() | pictures.by_format()).items():
        for who, read in (("picture", uploaded_picture), ("picture to score", uploaded_to_score)):
            yield Case(f"uploaded {who} {what}", _nothing, partial(_read_upload, read, change), True)
    for changes, refused in ((json_texts.NO_OBJECT, True), (json_texts.OTHER_VALUES | json_texts.LARGE, False)):
        for what, other in changes.items():
            yield Case(f"uploaded directions {what}", _nothing, partial(_read_directions, other), refused)


def _read_named(read: Callable[[House, str], object], name: str, house: House) -> object:
    return read(house, name)


def _setting(variable: str, value: Callable[[Path], str]) -> Callable[[House], object]:
    return lambda house: names.set_folder(house, variable, value)


def _read_upload(read: Callable[[House, bytes], object], change: pictures.Change, house: House) -> object:
    return read(house, change(b""))


def _read_directions(change: json_texts.Change, house: House) -> object:
    direction = houses.direction(house.read_checkpoint())
    text = change(json.loads(direction_files.to_json([direction])))
    return uploaded_directions(house, text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))


def of_commands() -> Iterator[Case]:
    """A sample of the same through commands; `list` goes through all of a config.json."""
    kinds = {kind.name: kind for kind in KINDS}
    for name, (kind, words) in told.COMMANDS.items():
        for what in ("is missing", "is a folder", "is a pipe", "is a link to itself", "is a link to an endless device"):
            yield Case(
                f"`{name}`: {kind} {what}", _made(kinds[kind], entries.NO_FILE[what]), told.run(*words), refused=True
            )
    for what, entry in entries.NO_FILE.items():
        make = _made(kinds["checkpoint's config.json"], entry)
        yield Case(f"`list`: checkpoint's config.json {what}", make, told.run("list"), refused=False)
    for variable in names.LOOKS:
        for what, value in names.FOLDERS.items():
            make = _setting(variable, value)
            yield Case(f"`list`: VAE_{variable} {what}", make, told.run("list"), refused=False)


def cases() -> list[Case]:
    """All of them, in order."""
    return [*(case for kind in KINDS for case in of_kind(kind)), *of_names(), *of_uploads(), *of_commands()]
