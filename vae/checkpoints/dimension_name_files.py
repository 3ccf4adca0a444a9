"""Names of latent dimensions, kept as derived/<identity>/dimension-names.json."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from vae.checkpoints import dimension_names
from vae.checkpoints.checkpoint import Checkpoint
from vae.checkpoints.dimension_names import MOST, DimensionName, DimensionNames
from vae.errors import CheckpointError, StorageError
from vae.storage import kinds, paths
from vae.storage.files import write_atomically
from vae.storage.json_files import read_json
from vae.storage.reporting import write_errors_as
from vae.storage.schema import one_of, read_as

FORMAT = "vae-dimension-names"


@dataclass(frozen=True)
class _Document:
    format: Annotated[str, one_of(FORMAT)]
    identity: str
    dimensions: Annotated[tuple[DimensionName, ...], Meta(max_length=MOST)]


def path_of(identity: str) -> Path:
    """Where the names of the checkpoint of this identity are."""
    return paths.derived_folder(identity) / "dimension-names.json"


def read(checkpoint: Checkpoint) -> DimensionNames:
    """The names that were given; none where the file is damaged, or of another checkpoint."""
    path = path_of(checkpoint.identity)
    try:
        document = read_as(read_json(path, kinds.DIMENSION_NAMES)[0], _Document, path.name)
        if document.identity != checkpoint.identity:
            return dimension_names.NONE
        return dimension_names.collected(document.dimensions, checkpoint.model.latent_dim)
    except (StorageError, CheckpointError):
        return dimension_names.NONE


def keep(checkpoint: Checkpoint, entry: DimensionName) -> DimensionNames:
    """Name a dimension, or take its name away with an empty one; returns all names.

    Raises CheckpointError for a name that is none (`dimension_names.checked`), where all together would be too much for
    a file, and where it can't be written.
    """
    names = read(checkpoint).with_entry(dimension_names.checked(entry, checkpoint.model.latent_dim))
    document = _Document(FORMAT, checkpoint.identity, names.entries)
    content = json.dumps(asdict(document), indent=1).encode()
    if len(content) > kinds.DIMENSION_NAMES.most:
        raise CheckpointError(
            f"The names would take {len(content):,} bytes, expected at most {kinds.DIMENSION_NAMES.most:,}.",
            "Shorten some notes.",
        )
    path = path_of(checkpoint.identity)
    with write_errors_as(CheckpointError, path):
        write_atomically(path, content)
    return names
