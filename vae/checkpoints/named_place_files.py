"""Named places, kept as derived/<identity>/named-places.json."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from vae.checkpoints import named_places
from vae.checkpoints.checkpoint import Checkpoint
from vae.checkpoints.named_places import MOST, NamedPlace, NamedPlaces
from vae.errors import CheckpointError, StorageError
from vae.storage import kinds, paths
from vae.storage.files import write_atomically
from vae.storage.json_files import read_json
from vae.storage.reporting import write_errors_as
from vae.storage.schema import one_of, read_as

FORMAT = "vae-named-places"


@dataclass(frozen=True)
class _Document:
    format: Annotated[str, one_of(FORMAT)]
    identity: str
    places: Annotated[tuple[NamedPlace, ...], Meta(max_length=MOST)]


def path_of(identity: str) -> Path:
    """Where the places of the checkpoint of this identity are."""
    return paths.derived_folder(identity) / "named-places.json"


def read(checkpoint: Checkpoint) -> NamedPlaces:
    """The places that were named; none where the file is damaged, or of another checkpoint."""
    path = path_of(checkpoint.identity)
    try:
        document = read_as(read_json(path, kinds.NAMED_PLACES)[0], _Document, path.name)
        if document.identity != checkpoint.identity:
            return named_places.NONE
        return named_places.collected(document.places, checkpoint.model.latent_dim)
    except (StorageError, CheckpointError):
        return named_places.NONE


def keep(checkpoint: Checkpoint, place: NamedPlace) -> NamedPlaces:
    """Name a place; a place that had this name loses it. Returns all places.

    Raises CheckpointError for a place that is none (`named_places.checked`), where there are too many, where all
    together would be too much for a file, and where it can't be written.
    """
    return _write(checkpoint, read(checkpoint).with_place(named_places.checked(place, checkpoint.model.latent_dim)))


def delete(checkpoint: Checkpoint, name: str) -> NamedPlaces:
    """Take a place's name away. Returns the places that are left. Raises CheckpointError where it can't be written."""
    return _write(checkpoint, read(checkpoint).without(name))


def _write(checkpoint: Checkpoint, places: NamedPlaces) -> NamedPlaces:
    content = json.dumps(asdict(_Document(FORMAT, checkpoint.identity, places.entries))).encode()
    if len(content) > kinds.NAMED_PLACES.most:
        raise CheckpointError(
            f"The named places would take {len(content):,} bytes, expected at most {kinds.NAMED_PLACES.most:,}.",
            "Delete one first.",
        )
    path = path_of(checkpoint.identity)
    with write_errors_as(CheckpointError, path):
        write_atomically(path, content)
    return places
