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
import math
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
from vae.storage import door, kinds, paths, probe
from vae.storage.array_files import rows_of
from vae.storage.door import Bytes
from vae.storage.files import new_folder, replaced_folder
from vae.storage.json_files import object_of, read_json
from vae.storage.reporting import storage_errors_as, write_errors_as
from vae.storage.tensor_files import LENGTH, MOST_HEADER, read_tensors, tensors_of
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
KINDS = {
    WEIGHTS: kinds.WEIGHTS,
    LATENTS: kinds.LATENTS,
    MAPS: kinds.MAPS,
    METRICS: kinds.METRICS,
    HISTORY: kinds.HISTORY,
}
FILES = tuple(KINDS)
MOST_CLASSES = 10_000
MOST_TEXT = 1_000  # characters of a name or a title
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
    if why := probe.why_closed(root):
        raise CheckpointError(f"{root!s:.200} can't be read: {why}.")
    return [summary(p) for p in probe.entries(root) if NAME_PATTERN.fullmatch(p.name) and probe.is_folder(p)]


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
    if not probe.is_folder(folder):
        raise CheckpointError(
            f"There is no checkpoint {name!r} in {folder.parent}.", "`python -m vae list` names them."
        )
    return _read_folder(folder, name)


def _read_folder(folder: Path, name: str) -> Checkpoint:
    header = _read_header(folder)
    verified = _verified(folder, header.files)
    latents = _latents(verified[LATENTS], door.where(folder / LATENTS))
    check_latents(latents, header.model.latent_dim, len(header.dataset.class_names), name)
    projections = map_files.maps_of(verified[MAPS], door.where(folder / MAPS))
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
        metrics=_metrics(verified[METRICS].tobytes(), door.where(folder / METRICS)),
        history=_history(verified[HISTORY].tobytes(), door.where(folder / HISTORY)),
    )


@storage_errors_as(CheckpointError)
def read_weights(checkpoint: Checkpoint) -> dict[str, FloatArray]:
    """The model's tensors by name, float32. Raises CheckpointError when one is missing or of another shape."""
    tensors, _ = read_tensors(checkpoint.path / WEIGHTS, kinds.WEIGHTS)
    expected = parameter_shapes(checkpoint.model)
    found = {name: array.shape for name, array in tensors.items()}
    if found != expected:
        wrong = sorted(n for n in expected.keys() | found.keys() if expected.get(n) != found.get(n))
        first, other = wrong[0], found.get(wrong[0])
        raise CheckpointError(
            f"{checkpoint.name}: tensor {first:.80} has shape {short(other)}, expected {expected.get(first)}.",
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
    values, raw = read_json(folder / CONFIG, kinds.CONFIG)
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
            _text(d["name"]),
            _text(d["title"]),
            (int(d["image_shape"][0]), int(d["image_shape"][1]), int(d["image_shape"][2])),
            _class_names(d["class_names"]),
            _text(d["test_fingerprint"]),
            _text(d["preprocessing"]),
        )
        files: dict[str, dict[str, Any]] = {
            str(n): {"bytes": int(f["bytes"]), "sha256": str(f["sha256"])} for n, f in values["files"].items()
        }
    except (KeyError, TypeError, ValueError, OverflowError, IndexError, AttributeError, ConfigError) as error:
        raise CheckpointError(f"{folder.name}: config.json is incomplete or wrong: {error!s:.200}.") from error
    if not dataset.class_names:
        raise CheckpointError(f"{folder.name}: config.json names no classes, expected at least one.")
    if dataset.image_shape != model.image_shape:
        raise CheckpointError(
            f"{folder.name}: the model takes images {model.image_shape}, its data set has {dataset.image_shape}."
        )
    if set(files) != set(FILES):
        raise CheckpointError(f"{folder.name}: config.json lists {sorted(files)!s:.200}, expected {sorted(FILES)}.")
    _check_bytes(folder, model, files)
    identity = hashlib.sha256(files[WEIGHTS]["sha256"].encode() + raw).hexdigest()
    return _Header(identity, model, train, dataset, str(values.get("command", "")), files)


def _text(value: Any) -> str:
    """Raises ValueError for one that is too long to be shown."""
    text = str(value)
    if len(text) > MOST_TEXT:
        raise ValueError(f"a text has {len(text):,} characters, expected at most {MOST_TEXT:,}")
    return text


def _class_names(values: Any) -> tuple[str, ...]:
    """Raises ValueError and TypeError."""
    if len(values) > MOST_CLASSES:
        raise ValueError(f"there are {len(values):,} class names, expected at most {MOST_CLASSES:,}")
    return tuple(map(_text, values))


def _check_bytes(folder: Path, model: ModelConfig, files: dict[str, dict[str, Any]]) -> None:
    """Raise CheckpointError unless every file has the size that config.json says, and that it may have."""
    parameters = sum(math.prod(shape) for shape in parameter_shapes(model).values())
    most = {WEIGHTS: 4 * parameters + LENGTH + MOST_HEADER}
    for name, expected in files.items():
        door.check_size(folder / name, expected["bytes"], KINDS[name])
        found = probe.stamp(folder / name)
        if found is None and probe.is_there(folder / name):
            with door.opened(folder / name, KINDS[name]):  # says what it is
                pass
        if found is None or found.size != expected["bytes"]:
            state = "is missing" if found is None else f"has {found.size:,} bytes"
            raise CheckpointError(
                f"{folder.name}: {name} {state}, expected {expected['bytes']:,} bytes.",
                "It was cut off or changed; restore it from where it came, or delete the folder.",
            )
        if found.size > most.get(name, found.size):
            raise CheckpointError(
                f"{folder.name}: {name} has {found.size:,} bytes, expected at most {most[name]:,} for "
                f"{parameters:,} parameters.",
                "The weights belong to another model.",
            )


@storage_errors_as(CheckpointError)
def _verified(folder: Path, files: dict[str, dict[str, Any]]) -> dict[str, Bytes]:
    """The content of every file but the weights, which are read later. Each is what config.json says it is."""
    contents = {name: door.read_at_once(folder / name, KINDS[name]) for name in FILES if name != WEIGHTS}
    found = {name: hashlib.sha256(content.data).hexdigest() for name, content in contents.items()}
    found[WEIGHTS] = door.sha256(folder / WEIGHTS, kinds.WEIGHTS)
    for name in FILES:
        if found[name] != files[name]["sha256"]:
            raise CheckpointError(
                f"{folder.name}: the content of {name} does not match the SHA-256 in config.json.",
                "It was changed after it was written; restore it from where it came, or delete the folder.",
            )
    return contents


@storage_errors_as(CheckpointError)
def _latents(content: Bytes, where: str) -> Latents:
    tensors, _ = tensors_of(content, where)
    names = Latents.__dataclass_fields__
    if set(tensors) != set(names):
        raise CheckpointError(f"{where} holds {sorted(tensors)!s:.200}, expected {sorted(names)}.")
    for array in tensors.values():
        array.flags.writeable = False
    return Latents(**tensors)


@storage_errors_as(CheckpointError)
def _read_metrics(folder: Path) -> dict[str, Metric]:
    return _metrics(door.read(folder / METRICS, kinds.METRICS), door.where(folder / METRICS))


@storage_errors_as(CheckpointError)
def _metrics(raw: bytes, where: str) -> dict[str, Metric]:
    values = object_of(raw, where)
    try:
        return {
            n: Metric(finite(m["value"], f"{where}: {n[:40]}"), str(m["unit"]), str(m["protocol"]))
            for n, m in values.items()
        }
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(f"{where} is incomplete: {error!s:.200}.") from error


@storage_errors_as(CheckpointError)
def _history(raw: bytes, where: str) -> list[dict[str, float]]:
    rows = rows_of(raw, where)
    header = next(rows, [])
    try:
        return [dict(zip(header, map(float, row), strict=True)) for row in rows if row]
    except ValueError as error:
        raise CheckpointError(f"{where} is damaged: {error!s:.200}.") from error


# --- writing ----------------------------------------------------------------------------------------------------------


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
        "files": {
            n: {"bytes": (folder / n).stat().st_size, "sha256": door.sha256(folder / n, KINDS[n])} for n in FILES
        },
    }
    (folder / CONFIG).write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
