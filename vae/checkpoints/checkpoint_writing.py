"""Writing a checkpoint: to a temporary folder, which is read back and then renamed. Its files: checkpoint_files.py."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Collection
from dataclasses import asdict
from pathlib import Path

import numpy as np
import safetensors.numpy

from vae.checkpoints.checkpoint import Latents, NewCheckpoint
from vae.checkpoints.checkpoint_files import (
    CONFIG,
    FORMAT_VERSION,
    HISTORY,
    KINDS,
    LATENTS,
    MAPS,
    METRICS,
    WEIGHTS,
    checkpoint_path,
    files_of,
    read_folder,
    summary,
)
from vae.errors import CheckpointError, VAEError
from vae.maps import map_files
from vae.model.layers import foreign_parts
from vae.storage import door, probe
from vae.storage.files import new_folder, replaced_folder
from vae.storage.reporting import write_errors_as


def check_writable(destination: Path, replacing: Collection[str] = ()) -> None:
    """Find out before long work whether `write` would be refused. Raises CheckpointError as it does."""
    with write_errors_as(CheckpointError, destination):  # too long, or through a folder that is closed to us
        if probe.is_there(destination) and summary(destination).identity not in replacing:
            raise _taken(destination)
        parent = next(folder for folder in destination.parents if probe.is_there(folder))
    if not probe.is_there(destination.parent) and (why := probe.why_closed(destination.parent)):  # it is too long
        raise CheckpointError(f"{destination!s:.300} can't be written: {why}.")
    checkpoint_path(destination.name, destination.parent)
    if not probe.is_folder(parent) or not os.access(parent, os.W_OK | os.X_OK):
        raise CheckpointError(f"{destination} can't be written: {parent} is no folder that you may write to.")


def write(
    new: NewCheckpoint,
    destination: Path,
    replacing: Collection[str] = (),
    on_complete: Callable[[str], None] = lambda identity: None,
) -> Path:
    """Write a checkpoint folder at `destination`, all of it or nothing.

    `replacing` are identities of checkpoints that may stand there and give way once the new one is complete;
    `on_complete` hears the new one's identity just before it takes its place.

    Raises
    ------
    CheckpointError
        When something else is already there, or the folder can't be written.
    """
    check_writable(destination, replacing)
    writing = replaced_folder if probe.is_there(destination) else new_folder
    try:
        with write_errors_as(CheckpointError, destination), writing(destination) as temporary:
            _write_files(new, temporary)
            _read_back(temporary)
            if writing is replaced_folder:
                check_writable(destination, replacing)  # what stands there now may be another one
            on_complete(summary(temporary).identity)
    except CheckpointError as error:
        if isinstance(error.__cause__, FileExistsError):
            raise _taken(destination) from error
        raise
    return destination


def _taken(destination: Path) -> CheckpointError:
    return CheckpointError(f"{destination} already exists.", "Choose another name, or delete it first.")


def _read_back(folder: Path) -> None:
    """Raise CheckpointError for a checkpoint that its own reader refuses: its place is not for that."""
    try:
        read_folder(folder, folder.name)
    except VAEError as error:
        raise CheckpointError(f"The checkpoint was written, but can't be read back: {error.message}") from error


def _write_files(new: NewCheckpoint, folder: Path) -> None:
    weights = {n: np.ascontiguousarray(a) for n, a in new.weights.items()}
    for network, part in foreign_parts(new.model).items():
        (folder / network).write_bytes(weights.pop(part.tensor).tobytes())
    (folder / WEIGHTS).write_bytes(safetensors.numpy.save(weights))  # its save_file makes files only the owner can read
    arrays = {n: np.ascontiguousarray(getattr(new.latents, n)) for n in Latents.__dataclass_fields__}
    (folder / LATENTS).write_bytes(safetensors.numpy.save(arrays))
    (folder / MAPS).write_bytes(map_files.to_bytes(new.maps))
    metrics = {name: asdict(metric) for name, metric in new.metrics.items()}
    (folder / METRICS).write_text(json.dumps(metrics, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    with (folder / HISTORY).open("w", newline="") as file:
        rows = csv.DictWriter(file, list(new.history[0]) if new.history else ["epoch"])
        rows.writeheader()
        rows.writerows(new.history)
    config = {
        "format_version": FORMAT_VERSION,
        "model": new.model.to_dict(),
        "train": new.train.to_dict(),
        "dataset": asdict(new.dataset),
        "command": new.command,
        **({"origin": new.origin} if new.origin else {}),
        "files": {
            n: {"bytes": (folder / n).stat().st_size, "sha256": door.sha256(folder / n, KINDS[n])}
            for n in files_of(new.model)
        },
    }
    (folder / CONFIG).write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
