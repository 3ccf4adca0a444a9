"""Directions as JSON: kept beside what else is derived from a checkpoint, written to a file, read back. numpy only."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vae.checkpoints.checkpoint import Checkpoint
from vae.errors import GenerationError, StorageError
from vae.generation.directions import MAX_NAME, Direction, check_name
from vae.storage import door, kinds, probe
from vae.storage.files import write_atomically, write_new
from vae.storage.json_files import parse_json
from vae.storage.paths import derived_folder
from vae.storage.reporting import storage_errors_as, write_errors_as
from vae.storage.schema import read_as
from vae.storage.validation import short

FORMAT, VERSION = "vae-directions", 1
MAX_BYTES = kinds.DIRECTION.most
MAX_DIRECTIONS = 200
NOT_A_FILE = "Choose a file that this page wrote."


@dataclass(frozen=True, eq=False)
class ImportedDirections:
    """What a file held, and what a person should know of it."""

    directions: list[Direction]
    notes: list[str]


def save(direction: Direction) -> Path:
    """Keep it for its checkpoint, under a name that none has.

    Raises GenerationError: also for one that couldn't be read, and when all kept ones would no longer fit in one file.
    """
    try:
        return _keep(direction, write_new)
    except GenerationError as error:
        if isinstance(error.__cause__, FileExistsError):
            raise GenerationError(
                f"There is already a direction {direction.name!r}.", "Choose another name, or delete that one first."
            ) from error
        raise


def replace(direction: Direction) -> Path:
    """As `save`; one of the same name gives way in one step."""
    return _keep(direction, write_atomically)


def _keep(direction: Direction, write: Callable[[Path, bytes], None]) -> Path:
    path = path_of(direction.identity, direction.name)
    content = to_json([direction]).encode()
    _document(content, direction.latent_dim)  # nothing is written that couldn't be read
    others = [one for one in _saved(direction.identity, direction.latent_dim) if one.name != direction.name]
    _check_room([*others, direction])
    with write_errors_as(GenerationError, path):
        write(path, content)
    return path


def saved(checkpoint: Checkpoint) -> list[Direction]:
    """The directions kept for this checkpoint, by name; a damaged file or one of another checkpoint is left out."""
    return _saved(checkpoint.identity, checkpoint.model.latent_dim)


def delete(checkpoint: Checkpoint, name: str) -> None:
    """Forget the direction of this name; one that isn't there is no error."""
    path = path_of(checkpoint.identity, name)
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise GenerationError(f"{path} can't be deleted: {error.strerror or error}.") from error


def to_json(directions: Sequence[Direction]) -> str:
    """A document that `from_json` reads back. Raises GenerationError for more than it would read."""
    if len(directions) > MAX_DIRECTIONS:
        raise GenerationError(f"{len(directions):,} directions, expected at most {MAX_DIRECTIONS} in one file.")
    text = _text_of(directions)
    if len(text) > MAX_BYTES:
        raise GenerationError(
            f"The directions take {len(text):,} bytes, expected at most {MAX_BYTES:,}.", "Write fewer to one file."
        )
    return text


def _text_of(directions: Sequence[Direction]) -> str:
    values = [dataclasses.asdict(direction) for direction in directions]
    return json.dumps({"format": FORMAT, "version": VERSION, "directions": values}, indent=1)


def from_json(text: str | bytes, checkpoint: Checkpoint) -> ImportedDirections:
    """Read somebody's directions for use with this checkpoint; keeps nothing.

    One that is kept already is left out, another one of a kept name gets a free name, both with a note. One that was
    measured on another checkpoint of the same dimension is taken, with a note and `measured_on`. Raises GenerationError
    if anything in the file is wrong, or if it doesn't fit beside what is kept.
    """
    before = saved(checkpoint)
    directions: list[Direction] = []
    notes: list[str] = []
    for read in _document(text, checkpoint.model.latent_dim):
        source = read.measured_on or read.identity
        measured_on = "" if source == checkpoint.identity else source
        found = dataclasses.replace(read, identity=checkpoint.identity, measured_on=measured_on)
        if same := _same(found, before):
            notes.append(f'"{same.name}" is kept already.')
            continue
        name = _free_name(found.name, {d.name for d in (*before, *directions)})
        if name != found.name:
            notes.append(f'Two directions are called "{found.name}": one is now "{name}".')
        if source != checkpoint.identity:
            notes.append(
                f'"{name}" was measured on another checkpoint ({found.checkpoint}, {source[:8]}): '
                f"its numbers don't carry over to {checkpoint.name}."
            )
        directions.append(dataclasses.replace(found, name=name))
    _check_room([*before, *directions])
    return ImportedDirections(directions, notes)


def _saved(identity: str, latent_dim: int) -> list[Direction]:
    found = []
    for path in probe.entries(derived_folder(identity) / "directions"):
        if path.suffix != ".json":
            continue
        try:
            direction = _document(door.read(path, kinds.DIRECTION), latent_dim)[0]
        except (GenerationError, StorageError, IndexError):
            continue
        if direction.identity == identity and path.name == path_of("", direction.name).name:
            found.append(direction)
    return sorted(found, key=lambda direction: direction.name)


def _check_room(directions: Sequence[Direction]) -> None:
    """Raise GenerationError unless one checkpoint may keep all of these: they can then be written to one file."""
    if len(directions) > MAX_DIRECTIONS:
        raise GenerationError(
            f"{len(directions):,} directions would be kept for this checkpoint, expected at most {MAX_DIRECTIONS}.",
            "Delete one first.",
        )
    if (size := len(_text_of(directions))) > MAX_BYTES:
        raise GenerationError(
            f"The directions kept for this checkpoint would take {size:,} bytes, expected at most {MAX_BYTES:,}.",
            "Delete one first, or choose groups whose text is shorter.",
        )


def _same(found: Direction, before: Sequence[Direction]) -> Direction | None:
    """The kept direction that differs in nothing but a name that an earlier import gave it."""
    names, name = {one.name: one for one in before}, found.name
    number = 2
    while one := names.get(name):
        if dataclasses.replace(found, name=name) == one:
            return one
        name, number = _numbered(found.name, number), number + 1
    return None


def _document(text: str | bytes, latent_dim: int) -> list[Direction]:
    if len(text) > MAX_BYTES:
        raise GenerationError(f"The file has more than {MAX_BYTES:,} bytes, expected fewer.", NOT_A_FILE)
    try:
        values = parse_json(text)
    except UnicodeEncodeError as error:
        raise GenerationError("The file holds text that is no Unicode (a lone surrogate).", NOT_A_FILE) from error
    except (ValueError, RecursionError) as error:
        raise GenerationError("The file is not valid JSON.", NOT_A_FILE) from error
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise GenerationError(f'The file is no list of directions ("format": "{FORMAT}").', NOT_A_FILE)
    if values.get("version") != VERSION or isinstance(values["version"], bool):
        raise GenerationError(f"The file is of version {short(values.get('version'))}, expected {VERSION}.")
    directions = values.get("directions")
    if not isinstance(directions, list) or len(directions) > MAX_DIRECTIONS:
        raise GenerationError(f'"directions" is no list of at most {MAX_DIRECTIONS}.', NOT_A_FILE)
    return [_read(value, latent_dim) for value in directions]


def _read(values: Any, latent_dim: int) -> Direction:
    """One direction, everything in it checked. Raises GenerationError."""
    name = values.get("name") if isinstance(values, dict) else None
    with storage_errors_as(GenerationError, NOT_A_FILE):
        read = read_as(values, Direction, short(name)[1:-1] if isinstance(name, str) else "A direction")
    check_name(read.name)
    if not 0 <= read.accuracy_low <= read.accuracy <= read.accuracy_high <= 1:
        raise GenerationError(
            f"{read.name}: its accuracy is {read.accuracy:g} within {read.accuracy_low:g} to {read.accuracy_high:g}, "
            "expected shares in order from 0 to 1."
        )
    return dataclasses.replace(read, vector=_unit(read, latent_dim))


def _unit(read: Direction, latent_dim: int) -> tuple[float, ...]:
    """The direction's vector, exactly as long as it should be."""
    count, said = len(read.vector), read.latent_dim
    if count != latent_dim or said != latent_dim:
        found = f"{count:,}" if said == count else f"{count:,} (said to be {short(said)})"
        raise GenerationError(
            f"{read.name}: the direction has {found} dimensions, this checkpoint's latent space {latent_dim:,}.",
            "Use it with a checkpoint of its own dimension.",
        )
    length = math.hypot(*read.vector)
    if not abs(length - 1) <= 1e-3:
        raise GenerationError(f"{read.name}: its vector has length {length:g}, expected 1.", NOT_A_FILE)
    return read.vector if abs(length - 1) < 1e-12 else tuple(value / length for value in read.vector)


def _free_name(name: str, taken: set[str]) -> str:
    candidate, number = name, 2
    while candidate in taken:
        candidate, number = _numbered(name, number), number + 1
    return candidate


def _numbered(name: str, number: int) -> str:
    ending = f" ({number})"
    return name[: MAX_NAME - len(ending)] + ending


def path_of(identity: str, name: str) -> Path:
    """Where the direction of this name is kept, beside the checkpoint of this identity."""
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    return derived_folder(identity) / "directions" / f"{digest[:16]}.json"
