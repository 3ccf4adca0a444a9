"""A detector as one safetensors file: its arrays, and what is known of it as JSON. Read as if written by a stranger.

Saved beside its checkpoint as derived/<identity>/detectors/<hash of its name>.safetensors.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from vae import recognition
from vae.anomalies.detectors import MAX_NAME, Detector, DetectorInfo, check_name
from vae.anomalies.methods import registry
from vae.anomalies.thresholds import Float64s
from vae.checkpoints.checkpoint import Checkpoint
from vae.errors import ScoreError
from vae.storage import kinds, probe
from vae.storage.files import write_atomically, write_new
from vae.storage.json_files import parse_json
from vae.storage.paths import derived_folder
from vae.storage.reporting import storage_errors_as, write_errors_as
from vae.storage.schema import Sha256, read_as
from vae.storage.tensor_files import digest_of, read_metadata, read_tensors
from vae.storage.validation import check_visible

FORMAT, VERSION = "vae-detector", 2
QUANTILES = 1_001  # of the held-out scores: 0, 0.1 %, …, 100 %, which is what version 1 holds instead of the scores
ROUNDING = 1e-12  # of the largest number: what computing quantiles added to a score
MOST_HELD_OUT = 1_000_000
MAX_ARRAYS = 64
STATE = "state."  # begins the names of the score's own arrays
DTYPES = ("float32", "float64", "int32", "int64", "uint8", "bool")
NOT_A_DETECTOR = "Delete it, and fit the detector again."


@dataclass(frozen=True)
class _Format:
    """What a file holds beside what it says of the detector."""

    format: str
    version: int
    digest: Sha256


def save(detector: Detector) -> Path:
    """Save it beside its checkpoint, under a name that none has. Raises ScoreError."""
    check_free(detector.identity, detector.name)
    try:
        return _write(detector, write_new)
    except ScoreError as error:
        if isinstance(error.__cause__, FileExistsError):  # another process was faster
            raise _taken(detector.name) from error
        raise


def replace(detector: Detector) -> Path:
    """Save it beside its checkpoint; one of the same name gives way in one step. Raises ScoreError."""
    check_name(detector.name)
    return _write(detector, write_atomically)


def check_free(identity: str, name: str) -> None:
    """Find out before long work whether `save` would be refused. Raises ScoreError as it does."""
    check_name(name)
    if probe.is_there(path_of(identity, name)):
        raise _taken(name)


def _taken(name: str) -> ScoreError:
    return ScoreError(
        f"There is already a detector {name!r}.", "Choose another name, or delete that one on the Anomalies page."
    )


def _write(detector: Detector, write: Callable[[Path, bytes], None]) -> Path:
    path = path_of(detector.identity, detector.name)
    with write_errors_as(ScoreError, path):
        write(path, to_bytes(detector))
    return path


def saved(checkpoint: Checkpoint) -> list[DetectorInfo]:
    """The checkpoint's detectors by name; those that are damaged, or of an unknown score, are left out."""
    found = []
    for path in probe.entries(_folder(checkpoint.identity)):
        with contextlib.suppress(ScoreError):
            info = read_info(path)
            registry.get(info.score)
            if path == path_of(checkpoint.identity, info.name) and info.identity == checkpoint.identity:
                found.append(info)
    return sorted(found, key=lambda info: info.name)


def read(checkpoint: Checkpoint, name: str) -> Detector:
    """The saved detector of that name. Raises ScoreError: there is none, it is damaged, or of another checkpoint."""
    path = path_of(checkpoint.identity, name)
    if not probe.is_there(path):
        names = [info.name for info in saved(checkpoint)]
        hint = f"{recognition.nearest(name, names)} Kept ones: {', '.join(names) or 'none'}.".strip()
        raise ScoreError(f"{checkpoint.name} has no detector {name[:MAX_NAME]!r}.", hint)
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
    path = path_of(checkpoint.identity, name)
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise ScoreError(f"{path} can't be deleted: {error.strerror or error}.") from error


def _folder(identity: str) -> Path:
    return derived_folder(identity) / "detectors"


def path_of(identity: str, name: str) -> Path:
    """Where the detector of this name is kept, beside the checkpoint of this identity."""
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    return _folder(identity) / f"{digest[:16]}.safetensors"


def to_bytes(detector: Detector) -> bytes:
    """The detector as one file. Raises ScoreError for a state that no file can hold."""
    tensors = {"calibration": detector.calibration} | {STATE + k: a for k, a in detector.state.items()}
    arrays = {name: np.array(array, order="C") for name, array in tensors.items()}  # keeps () apart from (1,)
    about = dataclasses.asdict(detector.info) | {"format": FORMAT, "version": VERSION, "digest": digest_of(arrays)}
    _check_arrays(arrays, detector.info, VERSION)
    metadata = {"detector": json.dumps(about)}
    _info(metadata, detector.name)  # what is saved can be read
    return safetensors.numpy.save(arrays, metadata)


def read_info(path: Path) -> DetectorInfo:
    """What a file says of itself; its arrays are not read. Raises ScoreError."""
    with storage_errors_as(ScoreError, NOT_A_DETECTOR):
        return _info(read_metadata(path, kinds.DETECTOR), path.name)[0]


def read_detector(path: Path) -> Detector:
    """The detector in a file. Raises ScoreError for one that is damaged, changed, or from another format."""
    with storage_errors_as(ScoreError, NOT_A_DETECTOR):
        tensors, metadata = read_tensors(path, kinds.DETECTOR)
    info, about = _info(metadata, path.name)
    _check_arrays(tensors, info, about.version)
    if digest_of(tensors) != about.digest:
        raise ScoreError(f"The arrays of the detector {info.name!r} were changed after it was kept.", NOT_A_DETECTOR)
    calibration = tensors.pop("calibration")
    if about.version == 1:
        calibration = scores_of(calibration, info.held_out)
    for array in (calibration, *tensors.values()):
        array.flags.writeable = False
    state = {name.removeprefix(STATE): array for name, array in tensors.items()}
    fields = {field.name: getattr(info, field.name) for field in dataclasses.fields(DetectorInfo)}
    return Detector(**fields, calibration=calibration, state=state)


def scores_of(quantiles: Float64s, held_out: int) -> Float64s:
    """The held-out scores, rising, whose evenly spaced quantiles (QUANTILES,) are these: (held_out,).

    Between two neighbouring scores the quantiles lie on a straight line. Where two or more of them do, the line gives
    the scores themselves; they were float32, and rounding to that undoes what computing the quantiles added, but for a
    score of 0, which has no digits to round to. Of more than 501 images each comes out to 0.1 % of their order.
    """
    place = np.linspace(0, len(quantiles) - 1, held_out)  # of each score among the quantiles
    below = np.floor(place + 1e-9).astype(np.int64)
    if 2 * (held_out - 1) > len(quantiles) - 1:
        return np.interp(place, np.arange(len(quantiles)), quantiles)
    slope = quantiles[below] - quantiles[np.maximum(below - 1, 0)]
    scores = quantiles[below] + slope * np.maximum(place - below, 0)
    scores[np.abs(scores) < ROUNDING * np.abs(quantiles).max()] = 0
    return np.sort(scores.astype(np.float32).astype(np.float64))


def _info(metadata: Mapping[str, str], where: str) -> tuple[DetectorInfo, _Format]:
    """What the metadata says of the detector, and of the file."""
    try:
        values = parse_json(metadata["detector"])
    except (KeyError, ValueError, RecursionError) as error:
        raise ScoreError(f"{where} is no detector: {error!s:.100}.", NOT_A_DETECTOR) from error
    with storage_errors_as(ScoreError, NOT_A_DETECTOR):
        found = read_as(values, _Format, f"{where} is no detector: its metadata")
        if found.format != FORMAT or found.version not in (1, VERSION):
            raise ScoreError(f"{where} is of another format.", NOT_A_DETECTOR)
        info = read_as(values, DetectorInfo, where)
        for name in ("name", "score", "chosen", "normal", "checkpoint", "made"):
            check_visible(getattr(info, name), f"{where}: {name}")
        for name in (*info.classes, *info.aliases):
            check_visible(name, f"{where}: a class")
    check_name(info.name)
    return info, found


def _check_arrays(arrays: Mapping[str, NDArray[Any]], info: DetectorInfo, version: int) -> None:
    what, calibration = f"The detector {info.name!r}", arrays.get("calibration")
    if info.held_out > MOST_HELD_OUT:
        raise ScoreError(f"{what} has {info.held_out:,} held-out images, expected at most {MOST_HELD_OUT:,}.")
    numbers = QUANTILES if version == 1 else info.held_out
    if calibration is None or calibration.shape != (numbers,) or calibration.dtype != np.float64:
        raise ScoreError(f"{what} has no calibration of {numbers:,} numbers.", NOT_A_DETECTOR)
    if not np.isfinite(calibration).all() or (np.diff(calibration) < 0).any():
        raise ScoreError(f"{what} has a calibration that doesn't rise from one finite number to the next.")
    if len(arrays) > MAX_ARRAYS or any(a != "calibration" and not a.startswith(STATE) for a in arrays):
        raise ScoreError(f"{what} holds arrays that are no score's.", NOT_A_DETECTOR)
    for key, array in arrays.items():
        if array.dtype.name not in DTYPES:
            raise ScoreError(f"{what}: its {key} is {array.dtype}, expected one of {', '.join(DTYPES)}.")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ScoreError(f"{what}: its {key} has numbers that are not finite.", NOT_A_DETECTOR)
