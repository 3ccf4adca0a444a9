"""A CSV file that says which class, and perhaps which split, each image is of."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from vae import recognition
from vae.data.folders.words import split_of
from vae.data.tables import csv_rows
from vae.errors import DatasetError, StorageError
from vae.storage import door, kinds, probe
from vae.storage.printing import visible
from vae.storage.validation import short

FILES = ("file", "filename", "file_name", "filepath", "path", "image", "image_name", "image_id", "img", "name", "id")
CLASSES = ("class", "label", "category", "class_name", "classname", "target", "species", "breed", "tag", "diagnosis")
SPLITS_NAMED = ("split", "set", "subset", "partition", "fold", "phase", "data_set", "dataset")
LOOKED_AT = 200  # rows, to see which column holds files


@dataclass(frozen=True)
class ClassTable:
    """The class, and the split where there is a column for it, of files by their names as the table has them; classes
    are empty where the table has no column of them.
    """

    name: str
    classes: dict[str, str]
    splits: dict[str, str] = field(default_factory=dict)

    def key_of(self, path: str) -> str | None:
        """How the table calls the file of a relative path: by it, by its end, its name, or without the ending."""
        return next((one for one in tails(path) if one in self.classes), None)


@dataclass(frozen=True)
class RawTable:
    """A CSV file that was read somewhere, and its name."""

    name: str
    raw: bytes = field(repr=False)


def only_table(root: Path) -> Path:
    """The CSV file of a folder. Raises DatasetError where there is none, or more than one."""
    found = [path for path in probe.entries(root) if path.suffix.lower() in (".csv", ".tsv")]
    if len(found) != 1:
        names = ", ".join(visible(path.name) for path in found[:5])
        raise DatasetError(
            f"The folder has {len(found)} CSV files{f': {names}' if found else ''}, expected one.",
            "Name it: --csv FILE.",
        )
    return found[0]


def read(path: Path, files: list[str]) -> ClassTable:
    """The table at `path`, whose columns are found by their headings, else by what they hold.

    Raises DatasetError for a file that can't be read, or has no column of files or of classes.
    """
    found = recognition.at(path)
    if found and not found.words.startswith(recognition.TEXT):
        raise DatasetError(recognition.instead(path, found, "a CSV file"), found.hint)
    try:
        raw = door.read(path, kinds.CLASS_TABLE)
    except StorageError as error:
        raise DatasetError(error.message, error.hint) from error
    return parsed(RawTable(path.name, raw), files)


def parsed(table: RawTable, files: list[str]) -> ClassTable:
    """As `read`, of a table's content."""
    where = visible(table.name)[-80:]
    rows = csv_rows.read(table.raw, where).rows
    if len(rows) < 2:
        raise DatasetError(f"{where} has {len(rows)} rows, expected a line of headings and one for each image.")
    headings = [cell.strip().lower() for cell in rows[0]]
    named_by = file_column(headings, rows, files)
    if named_by is None:
        raise DatasetError(
            f"{where} has no column that names the images: its headings are {short(', '.join(rows[0]))}.",
            f"Call it {FILES[1]}, with paths below the folder or names of files.",
        )
    split_column = next((headings.index(name) for name in SPLITS_NAMED if name in headings), None)
    left = [k for k in range(len(headings)) if k not in (named_by, split_column)]
    offered = {headings[k]: k for k in reversed(left)}
    class_column = next((offered[name] for name in CLASSES if name in offered), None)
    if class_column is None and len(left) == 1:
        class_column = left[0]
    if class_column is None and split_column is None:
        raise DatasetError(
            f"{where} has no column of classes that can be told: its headings are {short(', '.join(rows[0]))}.",
            f"Call it {CLASSES[0]} or {CLASSES[1]}.",
        )
    return _table(where, rows[1:], named_by, class_column, split_column)


def file_column(headings: list[str], rows: list[list[str]], files: list[str]) -> int | None:
    """The column most of whose cells name images; a heading alone is not enough."""
    names = {tail for file in files for tail in tails(file)}
    counts: Counter[int] = Counter()
    for row in rows[1 : LOOKED_AT + 1]:
        counts.update(k for k, cell in enumerate(row) if bare(cell) in names)
    if not counts:
        return None
    most = max(counts.values())
    best = [k for k, count in counts.items() if count == most]
    named = [k for k in best if k < len(headings) and headings[k] in FILES]
    return min(named or best)


def tails(path: str) -> list[str]:
    """What a table may call the file of a relative path, the longest first."""
    parts = path.split("/")
    found = ["/".join(parts[start:]) for start in range(len(parts))]
    return found + [one.rsplit(".", 1)[0] for one in found]


def bare(cell: str) -> str:
    """A path in a table as the folder has it."""
    return cell.strip().replace("\\", "/").removeprefix("./")


def _table(
    where: str, rows: list[list[str]], named_by: int, class_column: int | None, split_column: int | None
) -> ClassTable:
    classes: dict[str, str] = {}
    splits: dict[str, str] = {}
    for row in rows:
        if len(row) <= max(named_by, class_column or 0):
            continue
        name, label = bare(row[named_by]), "" if class_column is None else row[class_column].strip()
        if not name or (class_column is not None and not label):
            continue
        if classes.setdefault(name, label) != label:
            raise DatasetError(
                f"{where} gives {short(name)} two classes, {short(classes[name])} and {short(label)}, expected one."
            )
        if split_column is not None and split_column < len(row) and (split := split_of(row[split_column])):
            splits[name] = split
    return ClassTable(where, classes, splits)
