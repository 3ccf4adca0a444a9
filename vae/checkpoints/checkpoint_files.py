"""Checkpoints on disk, and reading them. numpy only: Explore does it without torch.

A checkpoint is a folder, written once (checkpoint_writing.py) and never changed afterwards:

    config.json            format version, model, training, data set, command, and size and SHA-256 of every other file
    weights.safetensors    the model
    latents.safetensors    the test split: mu, sigma (N, d); labels, log_likelihood, kl, elbo, squared_error (N,)
    maps.safetensors       2-D maps of mu, with their parameters and quality
    metrics.json           each metric with its protocol
    history.csv            one row per epoch
    encoder.onnx, decoder.onnx    of an adopted model, where a part of it is run by ONNX Runtime

Nothing is ever unpickled, and sizes are bounded before a file is read.
"""

from __future__ import annotations

import functools
import hashlib
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vae import recognition
from vae.checkpoints import metrics
from vae.checkpoints.checkpoint import (
    Checkpoint,
    DatasetRef,
    FloatArray,
    Latents,
    Metric,
    Summary,
    check_latents,
)
from vae.config import ImageReading, ModelConfig, TrainConfig
from vae.errors import CheckpointError, ConfigError
from vae.maps import map_files
from vae.model.layers import foreign_parts, parameter_shapes
from vae.storage import door, kinds, paths, probe
from vae.storage.array_files import rows_of
from vae.storage.door import Bytes
from vae.storage.json_files import object_of
from vae.storage.reporting import storage_errors_as
from vae.storage.schema import read_as
from vae.storage.tensor_files import LENGTH, MOST_HEADER, read_metadata, read_tensors, tensors_of
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
NETWORKS = ("encoder.onnx", "decoder.onnx")  # beside them, where the model has such a part
KINDS |= dict.fromkeys(NETWORKS, kinds.NETWORK)
MOST_CLASSES = 10_000
REMEMBERED, REMEMBERED_BYTES = 64, 2**16  # config.json files whose meaning is kept, and how large each may be
READ_AT_ONCE = 2**20  # bytes of a file that is read before its header is looked at
MOST_TEXT = 1_000  # characters of a name or a title
NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


def files_of(model: ModelConfig) -> tuple[str, ...]:
    """The files of a checkpoint of this model, without config.json."""
    return (*FILES, *foreign_parts(model))


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
    said = paths.problem(root) if root else paths.problem(paths.checkpoints_dir(), "VAE_CHECKPOINTS")
    if said:
        raise CheckpointError(said)
    root = root or paths.checkpoints_dir()
    return [summary(p) for p in probe.entries(root) if NAME_PATTERN.fullmatch(p.name) and probe.is_folder(p)]


def summary(folder: Path) -> Summary:
    """One checkpoint, usable or not."""
    try:
        header = _read_header(folder)
        measured = _read_metrics(folder)
        loss, baseline = metrics.test_loss(measured, header.train.objective), measured.get(metrics.BASELINE)
    except CheckpointError as error:
        return Summary(folder.name, problem=error)
    except Exception as error:  # one folder that nobody foresaw must not take down the list of all others
        return Summary(folder.name, problem=CheckpointError(f"{folder.name} can't be read: {error!r:.200}."))
    return Summary(
        folder.name,
        header.identity,
        header.model,
        header.dataset,
        loss,
        baseline.value if baseline else None,
        header.train,
    )


def read(name: str, root: Path | None = None) -> Checkpoint:
    """Read and verify checkpoint `name`; every file must have the size and SHA-256 that config.json says.

    Raises
    ------
    CheckpointError
        When it is absent, truncated, tampered with, from a newer format, or holds arrays of another shape.
    """
    folder = checkpoint_path(name, root)
    if not probe.is_folder(folder):
        near = recognition.nearest(name, (entry.name for entry in probe.entries(folder.parent)))
        raise CheckpointError(
            f"There is no checkpoint {name!r} in {folder.parent}.", f"{near} `python -m vae list` names them.".strip()
        )
    return read_folder(folder, name)


def read_folder(folder: Path, name: str) -> Checkpoint:
    """Read and verify the checkpoint in `folder`, wherever it stands, under this name. Raises as `read` does."""
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
        origin=header.origin,
    )


@storage_errors_as(CheckpointError)
def read_weights(checkpoint: Checkpoint) -> dict[str, FloatArray]:
    """The model's tensors by name, float32; the bytes of parts in ONNX, uint8.

    Raises CheckpointError when one is missing or of another shape.
    """
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
    networks: dict[str, Any] = {
        part.tensor: door.read_at_once(checkpoint.path / file, KINDS[file])
        for file, part in foreign_parts(checkpoint.model).items()
    }
    return {name: np.ascontiguousarray(array) for name, array in tensors.items()} | networks


@dataclass(frozen=True)
class _Header:
    identity: str
    model: ModelConfig
    train: TrainConfig
    dataset: DatasetRef
    command: str
    files: dict[str, dict[str, Any]]
    parameters: int
    origin: str = ""


@storage_errors_as(CheckpointError)
def _read_header(folder: Path) -> _Header:
    """config.json, parsed and checked, with all files it names present at their size."""
    raw = door.read(folder / CONFIG, kinds.CONFIG)
    header = _remembered(raw, folder.name) if len(raw) <= REMEMBERED_BYTES else _header_of(raw, folder.name)
    _check_bytes(folder, header)
    return header


def _header_of(raw: bytes, name: str) -> _Header:
    """What config.json of checkpoint `name` says. Raises StorageError and CheckpointError."""
    values = object_of(raw, door.where(Path(name, CONFIG)))
    version = values.get("format_version")
    if version != FORMAT_VERSION:
        newer = isinstance(version, int) and version > FORMAT_VERSION
        raise CheckpointError(
            f"{name} has checkpoint format {short(version)}, this program reads {FORMAT_VERSION}.",
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
            read_as(d.get("reading", {}), ImageReading, f"{name}: config.json: reading"),
        )
        files: dict[str, dict[str, Any]] = {
            str(n): {"bytes": int(f["bytes"]), "sha256": str(f["sha256"])} for n, f in values["files"].items()
        }
    except (KeyError, TypeError, ValueError, OverflowError, IndexError, AttributeError, ConfigError) as error:
        raise CheckpointError(f"{name}: config.json is incomplete or wrong: {error!s:.200}.") from error
    if not dataset.class_names:
        raise CheckpointError(f"{name}: config.json names no classes, expected at least one.")
    if dataset.image_shape != model.image_shape:
        raise CheckpointError(
            f"{name}: the model takes images {model.image_shape}, its data set has {dataset.image_shape}."
        )
    if set(files) != set(files_of(model)):
        raise CheckpointError(f"{name}: config.json lists {sorted(files)!s:.200}, expected {sorted(files_of(model))}.")
    for file, part in foreign_parts(model).items():
        if files[file]["bytes"] != part.size:
            raise CheckpointError(
                f"{name}: {file} has {files[file]['bytes']:,} bytes, expected {part.size:,}.",
                "It belongs to another model.",
            )
    identity = hashlib.sha256(files[WEIGHTS]["sha256"].encode() + raw).hexdigest()
    command, origin = str(values.get("command", "")), _text(values.get("origin", ""))
    parameters = sum(math.prod(shape) for shape in parameter_shapes(model).values())
    return _Header(identity, model, train, dataset, command, files, parameters, origin)


_remembered = functools.lru_cache(REMEMBERED)(_header_of)  # every view lists all models: what is the same is read alike


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


def _check_bytes(folder: Path, header: _Header) -> None:
    """Raise CheckpointError unless every file has the size that config.json says, and that it may have."""
    most = {WEIGHTS: 4 * header.parameters + LENGTH + MOST_HEADER}
    for name, expected in header.files.items():
        path = folder / name
        door.check_size(path, expected["bytes"], KINDS[name])
        found = probe.stamp(path)
        if found is None and probe.is_there(path):
            with door.opened(path, KINDS[name]):  # says what it is
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
                f"{header.parameters:,} parameters.",
                "The weights belong to another model.",
            )


@storage_errors_as(CheckpointError)
def _verified(folder: Path, files: dict[str, dict[str, Any]]) -> dict[str, Bytes]:
    """The content of every file but weights and networks, which are read later. Each is what config.json says it is."""
    for name in (LATENTS, MAPS):
        if files[name]["bytes"] > READ_AT_ONCE:  # before a gigabyte of what is no such file is read
            read_metadata(folder / name, KINDS[name])
    contents = {name: door.read_at_once(folder / name, KINDS[name]) for name in FILES if name != WEIGHTS}
    found = {name: hashlib.sha256(content.data).hexdigest() for name, content in contents.items()}
    found |= {name: door.sha256(folder / name, KINDS[name]) for name in files if name not in contents}
    for name in files:
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
