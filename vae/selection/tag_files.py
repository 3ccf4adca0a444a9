"""Tags: images of a checkpoint under a name that a person gave them, kept beside what else is derived from it.

derived/<identity>/tags/ holds a file for each. Rows are those of every_image.py, test images first, so a tag of test
images means the same images where the other splits are on the map, too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from vae.errors import SelectionError, StorageError
from vae.storage import kinds, paths, probe
from vae.storage.files import write_atomically, write_new
from vae.storage.printing import is_visible
from vae.storage.reporting import write_errors_as
from vae.storage.tensor_files import read_tensors

MAX_NAME = 40  # characters
MAX_TAGS = 100  # of a checkpoint
JOIN = " + "  # between the groups of a text (vae/generation/groups.py): no name has one
ROWS, NAME = "rows", "tag"

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Tag:
    """A name, and the rows (n,) of the images that have it, ascending."""

    name: str
    rows: Rows


def save(identity: str, tag: Tag) -> None:
    """Keep it for the checkpoint of this identity. Raises SelectionError: also where there is one of its name."""
    try:
        _keep(identity, tag, write_new)
    except SelectionError as error:
        if isinstance(error.__cause__, FileExistsError):
            raise SelectionError(f"There is already a tag {tag.name!r}.", "Choose another name.") from error
        raise


def replace(identity: str, tag: Tag) -> None:
    """As `save`; one of the same name gives way in one step."""
    _keep(identity, tag, write_atomically)


def saved(identity: str, count: int) -> list[Tag]:
    """The tags of a checkpoint, by name, with their rows among its first `count` images; those that are damaged, and
    those without such a row, are left out.
    """
    found = []
    for path in probe.entries(_folder(identity)):
        if path.suffix != ".safetensors":
            continue
        tag = _read(path)
        if tag is not None and path == path_of(identity, tag.name) and len(rows := tag.rows[tag.rows < count]):
            found.append(Tag(tag.name, rows))
    return sorted(found, key=lambda tag: tag.name)


def stamps(identity: str) -> tuple[tuple[str, int], ...]:
    """Changes whenever a tag does."""
    return tuple((path.name, probe.changed(path)) for path in sorted(probe.entries(_folder(identity))))


def delete(identity: str, name: str) -> None:
    """Forget the tag of this name; one that isn't there is no error. Raises SelectionError."""
    path = path_of(identity, name)
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise SelectionError(f"{path} can't be deleted: {error.strerror or error}.") from error


def check_name(name: str) -> None:
    """Raise SelectionError unless it has 1 to 40 printable characters and no plus sign between spaces."""
    if not (name.strip() == name and name and is_visible(name) and len(name) <= MAX_NAME and JOIN not in name):
        raise SelectionError(
            f"{name[:MAX_NAME]!r} is no name for a tag.",
            f"Give it 1 to {MAX_NAME} printable characters, without a plus sign between spaces.",
        )


def path_of(identity: str, name: str) -> Path:
    """Where the tag of this name is kept."""
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    return _folder(identity) / f"{digest[:16]}.safetensors"


def _folder(identity: str) -> Path:
    return paths.derived_folder(identity) / "tags"


def _keep(identity: str, tag: Tag, write: Callable[[Path, bytes], None]) -> None:
    check_name(tag.name)
    path = path_of(identity, tag.name)
    others = [entry for entry in probe.entries(_folder(identity)) if entry != path]
    if len(others) >= MAX_TAGS:
        raise SelectionError(f"There are {len(others):,} tags, expected at most {MAX_TAGS}.", "Delete one first.")
    if not len(tag.rows):
        raise SelectionError("No image is selected, expected at least one to tag.")
    content = safetensors.numpy.save({ROWS: np.ascontiguousarray(tag.rows, np.int64)}, {NAME: tag.name})
    if len(content) > kinds.TAG.most:
        raise SelectionError(f"{len(tag.rows):,} images are more than a tag can hold.", "Select fewer.")
    with write_errors_as(SelectionError, path):
        write(path, content)


def _read(path: Path) -> Tag | None:
    """None for a file that is no tag."""
    try:
        tensors, metadata = read_tensors(path, kinds.TAG)
        rows, name = tensors[ROWS], metadata[NAME]
        check_name(name)
    except (StorageError, SelectionError, KeyError):
        return None
    rises = rows.dtype == np.int64 and rows.ndim == 1 and len(rows) and rows[0] >= 0 and (np.diff(rows) > 0).all()
    return Tag(name, rows) if rises else None
