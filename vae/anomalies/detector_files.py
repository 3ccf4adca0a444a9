"""A detector as one safetensors file: its arrays, and what is known of it as JSON. Read as if written by a stranger.

Saved beside its checkpoint as derived/<identity>/detectors/<hash of its name>.safetensors.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from vae.anomalies.detectors import MAX_NAME, QUANTILES, Detector, DetectorInfo, check_name
from vae.anomalies.methods import registry
from vae.checkpoints.checkpoint import Checkpoint
from vae.data.image_folder import MAX_CLASSES
from vae.errors import ScoreError, StorageError
from vae.storage.files import parse_json, read_tensors, write_atomically
from vae.storage.paths import derived_folder
from vae.storage.reporting import storage_errors_as, write_errors_as
from vae.storage.validation import finite, short

FORMAT, VERSION = "vae-detector", 1
MAX_TEXT = {"score": 60, "chosen": 200, "normal": 1_000, "checkpoint": 200, "made": 40}
MAX_BYTES = 256 * 2**20
MAX_ARRAYS = 64
STATE = "state."  # begins the names of the score's own arrays
DTYPES = ("float32", "float64", "int32", "int64", "uint8", "bool")
NOT_A_DETECTOR = "Delete it, and fit the detector again."


def save(detector: Detector) -> Path:
    """Save it beside its checkpoint; one of the same name is replaced in one step. Raises ScoreError."""
    check_name(detector.name)
    path = _path(detector.identity, detector.name)
    with write_errors_as(ScoreError, path):
        write_atomically(path, to_bytes(detector))
    return path


def saved(checkpoint: Checkpoint) -> list[DetectorInfo]:
    """The checkpoint's detectors by name; those that are damaged, or of an unknown score, are left out."""
    found = []
    for path in _folder(checkpoint.identity).glob("*.safetensors"):
        with contextlib.suppress(ScoreError):
            info = read_info(path)
            registry.get(info.score)
            if path == _path(checkpoint.identity, info.name) and info.identity == checkpoint.identity:
                found.append(info)
    return sorted(found, key=lambda info: info.name)


def read(checkpoint: Checkpoint, name: str) -> Detector:
    """The saved detector of that name. Raises ScoreError: there is none, it is damaged, or of another checkpoint."""
    path = _path(checkpoint.identity, name)
    if not path.is_file():
        names = ", ".join(info.name for info in saved(checkpoint)) or "none"
        raise ScoreError(f"{checkpoint.name} has no detector {name[:MAX_NAME]!r}.", f"Kept ones: {names}.")
    detector = read_detector(path)
    if detector.identity != checkpoint.identity:
        raise ScoreError(
            f"The detector {detector.name!r} was fitted to {detector.checkpoint}, and this is {checkpoint.name}.",
            "Fit one for this checkpoint.",
        )
    registry.get(detector.score)
    return detector


def delete(checkpoint: Checkpoint, name: str) -> None:
    """Remove a saved detector, readable or not; one that is gone already is no error. Raises ScoreError."""
    path = _path(checkpoint.identity, name)
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise ScoreError(f"{path} can't be deleted: {error.strerror or error}.") from error


def _folder(identity: str) -> Path:
    return derived_folder(identity) / "detectors"


def _path(identity: str, name: str) -> Path:
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    return _folder(identity) / f"{digest[:16]}.safetensors"


def to_bytes(detector: Detector) -> bytes:
    """The detector as one file. Raises ScoreError for a state that no file can hold."""
    tensors = {"calibration": detector.calibration} | {STATE + k: a for k, a in detector.state.items()}
    arrays = {name: np.array(array, order="C") for name, array in tensors.items()}  # keeps () apart from (1,)
    about = dataclasses.asdict(detector.info) | {"format": FORMAT, "version": VERSION, "digest": _digest(arrays)}
    _check_arrays(arrays, detector.name)
    metadata = {"detector": json.dumps(about)}
    _info(metadata, detector.name)  # what is saved can be read
    return safetensors.numpy.save(arrays, metadata)


def read_info(path: Path) -> DetectorInfo:
    """What a file says of itself; its arrays are not read. Raises ScoreError."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ScoreError(f"{path.name} has {path.stat().st_size:,} bytes, expected at most {MAX_BYTES:,}.")
        with safetensors.safe_open(path, framework="numpy") as file:
            return _info(dict(file.metadata() or {}), path.name)[0]
    except ScoreError:
        raise
    except Exception as error:  # as files.read_tensors: safetensors raises all kinds
        raise ScoreError(f"The detector {path.name} can't be read ({error!s:.200}).", NOT_A_DETECTOR) from error


def read_detector(path: Path) -> Detector:
    """The detector in a file. Raises ScoreError for one that is damaged, changed, or from another format."""
    read_info(path)  # its size is bounded before its arrays are read
    with storage_errors_as(ScoreError, NOT_A_DETECTOR):
        tensors, metadata = read_tensors(path)
    info, digest = _info(metadata, path.name)
    _check_arrays(tensors, info.name)
    if _digest(tensors) != digest:
        raise ScoreError(f"The arrays of the detector {info.name!r} were changed after it was kept.", NOT_A_DETECTOR)
    for array in tensors.values():
        array.flags.writeable = False
    calibration = tensors.pop("calibration")
    state = {name.removeprefix(STATE): array for name, array in tensors.items()}
    fields = {field.name: getattr(info, field.name) for field in dataclasses.fields(DetectorInfo)}
    return Detector(**fields, calibration=calibration, state=state)


def _info(metadata: Mapping[str, str], where: str) -> tuple[DetectorInfo, str]:
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
    return DetectorInfo(name=name, identity=identity, threshold=threshold, held_out=held_out, **texts, **seen), digest


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
