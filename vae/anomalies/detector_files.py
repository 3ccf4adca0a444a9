"""A detector as one safetensors file: its arrays, and what is known of it as JSON. Read as if written by a stranger."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from vae.anomalies.evaluation.metrics import Float64s
from vae.data.image_folder import MAX_CLASSES
from vae.errors import ScoreError, StorageError
from vae.storage.files import parse_json, read_tensors
from vae.storage.reporting import storage_errors_as
from vae.storage.validation import finite, short

FORMAT, VERSION = "vae-detector", 1
QUANTILES = 1_001  # of held-out normal scores: 0, 0.1 %, …, 100 %
MAX_NAME = 60
MAX_TEXT = {"score": 60, "chosen": 200, "normal": 1_000, "checkpoint": 200, "made": 40}
MAX_BYTES = 256 * 2**20
MAX_ARRAYS = 64
STATE = "state."  # begins the names of the score's own arrays
DTYPES = ("float32", "float64", "int32", "int64", "uint8", "bool")
NOT_A_DETECTOR = "Delete it, and fit the detector again."


@dataclass(frozen=True, eq=False)
class Kept:
    """What is known of a detector without its arrays: enough for a list."""

    name: str
    score: str  # a key of registry.SCORES
    threshold: float  # a score above it is an anomaly
    chosen: str  # how the threshold was chosen, in words
    normal: str  # which images it takes for normal, in words
    held_out: int  # normal images that it was calibrated on
    identity: str  # of the checkpoint
    checkpoint: str  # its name
    made: str  # UTC, ISO 8601
    classes: tuple[str, ...]  # that are normal; empty: all
    binarized: bool  # how its passes see pixels, see passes.py
    seed: int


@dataclass(frozen=True, eq=False)
class Detector(Kept):
    """`calibration` (QUANTILES,) float64 rises: quantiles of the scores of held-out normal images."""

    calibration: Float64s
    state: dict[str, NDArray[Any]]  # what the score's `fit` returned

    @property
    def kept(self) -> Kept:
        """The same without arrays."""
        return Kept(*(getattr(self, field.name) for field in dataclasses.fields(Kept)))


def check_name(name: str) -> None:
    """Raise ScoreError unless it has 1 to 60 printable characters, and can follow --detector."""
    if not (name.strip() and name.isprintable() and len(name) <= MAX_NAME) or name.startswith("-"):
        raise ScoreError(
            f"{name[:MAX_NAME]!r} is no name.", f"Give it 1 to {MAX_NAME} printable characters, the first not a dash."
        )


def to_bytes(detector: Detector) -> bytes:
    """The detector as one file. Raises ScoreError for a state that no file can hold."""
    tensors = {"calibration": detector.calibration} | {STATE + k: a for k, a in detector.state.items()}
    arrays = {name: np.array(array, order="C") for name, array in tensors.items()}  # keeps () apart from (1,)
    about = dataclasses.asdict(detector.kept) | {"format": FORMAT, "version": VERSION, "digest": _digest(arrays)}
    _check_arrays(arrays, detector.name)
    metadata = {"detector": json.dumps(about)}
    _kept(metadata, detector.name)  # what is kept can be read
    return safetensors.numpy.save(arrays, metadata)


def read_kept(path: Path) -> Kept:
    """What a file says of itself; its arrays are not read. Raises ScoreError."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ScoreError(f"{path.name} has {path.stat().st_size:,} bytes, expected at most {MAX_BYTES:,}.")
        with safetensors.safe_open(path, framework="numpy") as file:
            return _kept(dict(file.metadata() or {}), path.name)[0]
    except ScoreError:
        raise
    except Exception as error:  # as files.read_tensors: safetensors raises all kinds
        raise ScoreError(f"The detector {path.name} can't be read ({error!s:.200}).", NOT_A_DETECTOR) from error


def read_detector(path: Path) -> Detector:
    """The detector in a file. Raises ScoreError for one that is damaged, changed, or from another format."""
    read_kept(path)  # its size is bounded before its arrays are read
    with storage_errors_as(ScoreError, NOT_A_DETECTOR):
        tensors, metadata = read_tensors(path)
    kept, digest = _kept(metadata, path.name)
    _check_arrays(tensors, kept.name)
    if _digest(tensors) != digest:
        raise ScoreError(f"The arrays of the detector {kept.name!r} were changed after it was kept.", NOT_A_DETECTOR)
    for array in tensors.values():
        array.flags.writeable = False
    calibration = tensors.pop("calibration")
    state = {name.removeprefix(STATE): array for name, array in tensors.items()}
    fields = {field.name: getattr(kept, field.name) for field in dataclasses.fields(Kept)}
    return Detector(**fields, calibration=calibration, state=state)


def _kept(metadata: Mapping[str, str], where: str) -> tuple[Kept, str]:
    """What the metadata says, and the digest that the arrays must have."""
    try:
        values = parse_json(metadata["detector"])
        if (values["format"], values["version"]) != (FORMAT, VERSION):
            raise ScoreError(f"{where} is of another format.", NOT_A_DETECTOR)
        texts: dict[str, Any] = {
            key: _text(values[key], f"{where}: its {key}", limit) for key, limit in MAX_TEXT.items()
        }
        check_name(name := _text(values["name"], f"{where}: its name", MAX_NAME))
        identity, digest = (_hexadecimal(values[key], f"{where}: its {key}") for key in ("identity", "digest"))
        threshold = finite(values["threshold"], f"{where}: its threshold")
        held_out = values["held_out"]
        if type(held_out) is not int or not 1 <= held_out <= 10**9:
            raise ScoreError(f"{where}: it has {short(held_out)} held-out images, expected a whole number above 0.")
        seen = _seen(values, where)
    except StorageError as error:
        raise ScoreError(error.message, NOT_A_DETECTOR) from error
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ScoreError(f"{where} is no detector: {error!s:.100}.", NOT_A_DETECTOR) from error
    return Kept(name=name, identity=identity, threshold=threshold, held_out=held_out, **texts, **seen), digest


def _seen(values: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Which classes are normal, and how pixels are seen."""
    classes, binarized, seed = values["classes"], values["binarized"], values["seed"]
    if not isinstance(classes, list) or len(classes) > MAX_CLASSES:
        raise ScoreError(f"{where}: its classes are {short(classes)}, expected a list of names.", NOT_A_DETECTOR)
    if not isinstance(binarized, bool) or type(seed) is not int or not 0 <= seed < 2**63:
        raise ScoreError(f"{where}: its pixels are {short(binarized)}, seed {short(seed)}.", NOT_A_DETECTOR)
    names = tuple(_text(name, f"{where}: a class", 1_000) for name in classes)
    return {"classes": names, "binarized": binarized, "seed": seed}


def _text(value: Any, what: str, limit: int) -> str:
    if not isinstance(value, str) or len(value) > limit or not value.isprintable():
        raise ScoreError(f"{what} is {short(value)}, expected text of at most {limit:,} characters.", NOT_A_DETECTOR)
    return value


def _hexadecimal(value: Any, what: str) -> str:
    if not isinstance(value, str) or not re.fullmatch("[0-9a-f]{64}", value):
        raise ScoreError(f"{what} is {short(value)}, expected 64 hexadecimal digits.", NOT_A_DETECTOR)
    return value


def _check_arrays(arrays: Mapping[str, NDArray[Any]], name: str) -> None:
    what, calibration = f"The detector {name!r}", arrays.get("calibration")
    if calibration is None or calibration.shape != (QUANTILES,) or calibration.dtype != np.float64:
        raise ScoreError(f"{what} has no calibration of {QUANTILES:,} numbers.", NOT_A_DETECTOR)
    if not np.isfinite(calibration).all() or (np.diff(calibration) < 0).any():
        raise ScoreError(f"{what} has a calibration that doesn't rise from one finite number to the next.")
    if len(arrays) > MAX_ARRAYS or any(a != "calibration" and not a.startswith(STATE) for a in arrays):
        raise ScoreError(f"{what} holds arrays that are no score's.", NOT_A_DETECTOR)
    for key, array in arrays.items():
        if array.dtype.name not in DTYPES:
            raise ScoreError(f"{what}: its {key} is {array.dtype}, expected one of {', '.join(DTYPES)}.")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ScoreError(f"{what}: its {key} has numbers that are not finite.", NOT_A_DETECTOR)


def _digest(arrays: Mapping[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].dtype} {arrays[name].shape}\n".encode())
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()
