"""Checkpoints on disk. numpy only: Explore reads them without torch.

A checkpoint is a folder, written once to a temporary folder and then renamed, and never changed afterwards:

    config.json            format version, model, training, data set, command, and size and SHA-256 of every other file
    weights.safetensors    the model
    latents.safetensors    the test split: mu, sigma (N, d); labels, log_likelihood, kl, elbo, squared_error (N,)
    maps.safetensors       2-D maps of mu, with their parameters and quality
    metrics.json           each metric with its protocol
    history.csv            one row per epoch

Nothing is ever unpickled, and sizes are bounded before a file is read.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

from vae.checkpoints.checkpoint import (
    Checkpoint,
    DatasetRef,
    FloatArray,
    Latents,
    Metric,
    NewCheckpoint,
    Summary,
    check_latents,
)
from vae.config import ModelConfig, TrainConfig
from vae.errors import CheckpointError, ConfigError, VAEError
from vae.maps import map_files
from vae.model.layers import parameter_shapes
from vae.storage import paths
from vae.storage.files import new_folder, read_json, read_tensors, replaced_folder, sha256
from vae.storage.reporting import storage_errors_as, write_errors_as
from vae.storage.validation import check_array, finite, short

FORMAT_VERSION = 1
CONFIG, WEIGHTS, LATENTS, MAPS, METRICS, HISTORY = (
    "config.json",
    "weights.safetensors",
    "latents.safetensors",
    "maps.safetensors",
    "metrics.json",
    "history.csv",
)
FILES = (WEIGHTS, LATENTS, MAPS, METRICS, HISTORY)
MAX_HISTORY_BYTES = 64 * 2**20
NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


# --- reading ----------------------------------------------------------------------------------------------------------


def checkpoint_path(name: str, root: Path | None = None) -> Path:
    """The folder of checkpoint `name`. Raises CheckpointError for a name that could leave the folder."""
    if not NAME_PATTERN.fullmatch(name):
        raise CheckpointError(
            f"{name[:100]!r} is not a checkpoint's name.",
            "Names have up to 80 letters, digits, dots, dashes and underscores, and begin with a letter or digit.",
        )
    return (root or paths.checkpoints_dir()) / name


def summaries(root: Path | None = None) -> list[Summary]:
    """All checkpoints below `root`, usable or not, by name. Reads only the small JSON files.

    Raises CheckpointError when `root` can't be read.
    """
    root = root or paths.checkpoints_dir()
    try:
        if not root.is_dir():
            return []
        folders = sorted(p for p in root.iterdir() if p.is_dir() and NAME_PATTERN.fullmatch(p.name))
    except OSError as error:
        raise CheckpointError(f"{root} can't be read: {error.strerror or error}.") from error
    return [summary(folder) for folder in folders]


def summary(folder: Path) -> Summary:
    """One checkpoint, usable or not."""
    try:
        header = _read_header(folder)
        elbo = _read_metrics(folder).get("elbo")
    except CheckpointError as error:
        return Summary(folder.name, problem=error)
    except Exception as error:  # one folder that nobody foresaw must not take down the list of all others
        return Summary(folder.name, problem=CheckpointError(f"{folder.name} can't be read: {error!r:.200}."))
    measured = elbo.value if elbo else None
    return Summary(folder.name, header.identity, header.model, header.dataset, measured, header.train.classes)


def read(name: str, root: Path | None = None) -> Checkpoint:
    """Read and verify checkpoint `name`; every file must have the size and SHA-256 that config.json says.

    Raises
    ------
    CheckpointError
        When it is absent, truncated, tampered with, from a newer format, or holds arrays of another shape.
    """
    folder = checkpoint_path(name, root)
    if not _is_folder(folder):
        raise CheckpointError(
            f"There is no checkpoint {name!r} in {folder.parent}.", "`python -m vae list` names them."
        )
    return _read_folder(folder, name)


def _read_folder(folder: Path, name: str) -> Checkpoint:
    header = _read_header(folder)
    _verify_hashes(folder, header.files)
    latents = _read_latents(folder)
    check_latents(latents, header.model.latent_dim, len(header.dataset.class_names), name)
    projections = map_files.read_maps(folder / MAPS)
    for m in projections.values():
        map_files.check_map(m, (len(latents.mu), header.model.latent_dim), name)
    return Checkpoint(
        name=name,
        path=folder,
        identity=header.identity,
        model=header.model,
        train=header.train,
        dataset=header.dataset,
        command=header.command,
        latents=latents,
        maps=projections,
        metrics=_read_metrics(folder),
        history=_read_history(folder),
    )


@storage_errors_as(CheckpointError)
def read_weights(checkpoint: Checkpoint) -> dict[str, FloatArray]:
    """The model's tensors by name, float32. Raises CheckpointError when one is missing or of another shape."""
    tensors, _ = read_tensors(checkpoint.path / WEIGHTS)
    expected = parameter_shapes(checkpoint.model)
    found = {name: array.shape for name, array in tensors.items()}
    if found != expected:
        wrong = sorted(n for n in expected.keys() | found.keys() if expected.get(n) != found.get(n))
        first = wrong[0]
        raise CheckpointError(
            f"{checkpoint.name}: tensor {first} has shape {found.get(first)}, expected {expected.get(first)}.",
            "The weights belong to another model.",
        )
    for name, array in tensors.items():
        check_array(array, expected[name], f"{checkpoint.name}: tensor {name}")
    return {name: np.ascontiguousarray(array) for name, array in tensors.items()}


@dataclass(frozen=True)
class _Header:
    identity: str
    model: ModelConfig
    train: TrainConfig
    dataset: DatasetRef
    command: str
    files: dict[str, dict[str, Any]]


@storage_errors_as(CheckpointError)
def _read_header(folder: Path) -> _Header:
    """config.json, parsed and checked, with all files it names present at their size."""
    values, raw = read_json(folder / CONFIG)
    version = values.get("format_version")
    if version != FORMAT_VERSION:
        newer = isinstance(version, int) and version > FORMAT_VERSION
        raise CheckpointError(
            f"{folder.name} has checkpoint format {short(version)}, this program reads {FORMAT_VERSION}.",
            "Update the program." if newer else "Train it again, or delete the folder.",
        )
    try:
        model = ModelConfig.from_dict(values["model"])
        train = TrainConfig.from_dict(values["train"])
        d = values["dataset"]
        dataset = DatasetRef(
            str(d["name"]),
            str(d["title"]),
            (int(d["image_shape"][0]), int(d["image_shape"][1]), int(d["image_shape"][2])),
            tuple(str(c) for c in d["class_names"]),
            str(d["test_fingerprint"]),
            str(d["preprocessing"]),
        )
        files: dict[str, dict[str, Any]] = {
            str(n): {"bytes": int(f["bytes"]), "sha256": str(f["sha256"])} for n, f in values["files"].items()
        }
    except (KeyError, TypeError, ValueError, OverflowError, IndexError, AttributeError, ConfigError) as error:
        raise CheckpointError(f"{folder.name}: config.json is incomplete or wrong: {error!s}.") from error
    if not dataset.class_names:
        raise CheckpointError(f"{folder.name}: config.json names no classes, expected at least one.")
    if dataset.image_shape != model.image_shape:
        raise CheckpointError(
            f"{folder.name}: the model takes images {model.image_shape}, its data set has {dataset.image_shape}."
        )
    if set(files) != set(FILES):
        raise CheckpointError(f"{folder.name}: config.json lists {sorted(files)}, expected {sorted(FILES)}.")
    for name, expected in files.items():
        found = _size(folder / name)
        if found != expected["bytes"]:
            state = "is missing" if found is None else f"has {found:,} bytes"
            raise CheckpointError(
                f"{folder.name}: {name} {state}, expected {expected['bytes']:,} bytes.",
                "It was cut off or changed; restore it from where it came, or delete the folder.",
            )
    identity = hashlib.sha256(files[WEIGHTS]["sha256"].encode() + raw).hexdigest()
    return _Header(identity, model, train, dataset, str(values.get("command", "")), files)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError as error:
        raise CheckpointError(f"{path} can't be read: {error.strerror or error}.") from error


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size if path.is_file() else None
    except OSError as error:
        raise CheckpointError(f"{path.parent.name}: {path.name} can't be read: {error.strerror}.") from error


def _verify_hashes(folder: Path, files: dict[str, dict[str, Any]]) -> None:
    for name, expected in files.items():
        try:
            found = sha256(folder / name)
        except OSError as error:
            raise CheckpointError(f"{folder.name}: {name} can't be read: {error.strerror}.") from error
        if found != expected["sha256"]:
            raise CheckpointError(
                f"{folder.name}: the content of {name} does not match the SHA-256 in config.json.",
                "It was changed after it was written; restore it from where it came, or delete the folder.",
            )


@storage_errors_as(CheckpointError)
def _read_latents(folder: Path) -> Latents:
    tensors, _ = read_tensors(folder / LATENTS)
    names = Latents.__dataclass_fields__
    if set(tensors) != set(names):
        raise CheckpointError(f"{folder.name}: {LATENTS} holds {sorted(tensors)}, expected {sorted(names)}.")
    for array in tensors.values():
        array.flags.writeable = False
    return Latents(**tensors)


@storage_errors_as(CheckpointError)
def _read_metrics(folder: Path) -> dict[str, Metric]:
    values, _ = read_json(folder / METRICS)
    try:
        return {
            n: Metric(finite(m["value"], f"{folder.name}: {METRICS}: {n[:40]}"), str(m["unit"]), str(m["protocol"]))
            for n, m in values.items()
        }
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(f"{folder.name}: {METRICS} is incomplete: {error!s}.") from error


def _read_history(folder: Path) -> list[dict[str, float]]:
    size = _size(folder / HISTORY) or 0
    if size > MAX_HISTORY_BYTES:
        raise CheckpointError(f"{folder.name}: {HISTORY} has {size:,} bytes, expected at most {MAX_HISTORY_BYTES:,}.")
    try:
        with (folder / HISTORY).open(newline="") as file:
            return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]
    except (OSError, TypeError, ValueError, csv.Error) as error:
        raise CheckpointError(f"{folder.name}: {HISTORY} is damaged: {error!s}.") from error


# --- writing ----------------------------------------------------------------------------------------------------------


def check_writable(destination: Path, replacing: Collection[str] = ()) -> None:
    """Find out before long work whether `write` would be refused. Raises CheckpointError as it does."""
    with write_errors_as(CheckpointError, destination):  # too long, or through a folder that is closed to us
        if destination.exists() and summary(destination).identity not in replacing:
            raise _taken(destination)
        parent = next(folder for folder in destination.parents if folder.exists())
    checkpoint_path(destination.name, destination.parent)
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
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
    writing = replaced_folder if destination.exists() else new_folder
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
        _read_folder(folder, folder.name)
    except VAEError as error:
        raise CheckpointError(f"The checkpoint was written, but can't be read back: {error.message}") from error


def _write_files(new: NewCheckpoint, folder: Path) -> None:
    weights = {n: np.ascontiguousarray(a) for n, a in new.weights.items()}
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
        "files": {n: {"bytes": (folder / n).stat().st_size, "sha256": sha256(folder / n)} for n in FILES},
    }
    (folder / CONFIG).write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
