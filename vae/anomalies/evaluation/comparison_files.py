"""A comparison as one safetensors file beside its checkpoint. Read as if written by a stranger. numpy only.

derived/<identity>/anomalies/<key of the choice>.safetensors: reference.rows, reference.mu, reference.sigma,
score.<name> (n,) and held_out.<name> (m,), and the rest as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from vae.anomalies.evaluation.comparison import Comparison, NormalReference, merged, outliers, why_not
from vae.anomalies.evaluation.metrics import Evaluation, Interval
from vae.anomalies.methods import registry
from vae.anomalies.methods.base import MAX_REFERENCE
from vae.anomalies.normal_images import MAX_HELD_OUT, NormalChoice
from vae.checkpoints.checkpoint import Checkpoint, FloatArray
from vae.errors import ScoreError, StorageError
from vae.storage import kinds
from vae.storage.files import write_atomically
from vae.storage.json_files import parse_json
from vae.storage.paths import derived_folder
from vae.storage.reporting import write_errors_as
from vae.storage.schema import number, read_as, text
from vae.storage.tensor_files import digest_of, read_tensors
from vae.storage.validation import check_array, check_visible

FORMAT, VERSION = "vae-comparison", 1
MAX_PROTOCOL = 1_000  # characters
SCORE, HELD_OUT, REFERENCE = "score.", "held_out.", "reference."
METRICS = ("auroc", "auprc", "fpr95")
Share = Annotated[float, number(0, 1)]
Seconds = Annotated[float, number(0, 1e12)]
LIMITS = {"reference": MAX_REFERENCE, "held_out": MAX_HELD_OUT}  # numbers of another limit are of other images


@dataclass(frozen=True)
class _Evaluation:
    """How the file says that a score does: of each metric the value and the ends of its interval."""

    auroc: tuple[Share, Share, Share]
    auprc: tuple[Share, Share, Share]
    fpr95: tuple[Share, Share, Share]
    outliers: int
    normals: int
    protocol: Annotated[str, text(MAX_PROTOCOL)]


@dataclass(frozen=True)
class _Metadata:
    """What the file says beside its arrays; objects are by the name of the score."""

    format: str
    version: int
    identity: str
    classes: tuple[str, ...]
    limits: dict[str, int]
    seconds: dict[str, Seconds]
    pass_seconds: Seconds
    judged: dict[str, _Evaluation]
    digest: str


class _DamagedError(Exception):
    """Something in the file can't be true of this checkpoint and choice."""


def save(checkpoint: Checkpoint, comparison: Comparison) -> Comparison:
    """Save it together with the scores that are saved already, and return both together.

    Raises ScoreError when the file can't be written.
    """
    together = merged(saved(checkpoint, comparison.choice), comparison)
    path = path_of(checkpoint, comparison.choice)
    with write_errors_as(ScoreError, path):
        write_atomically(path, to_bytes(checkpoint, together))
    return together


def saved(checkpoint: Checkpoint, choice: NormalChoice) -> Comparison | None:
    """What is saved of this choice; None for nothing, and for a file that is damaged, of other images or of a program
    that fitted to more or fewer.
    """
    path = path_of(checkpoint, choice)
    try:
        tensors, metadata = read_tensors(path, kinds.COMPARISON)
        return _read(checkpoint, choice, tensors, read_as(parse_json(metadata["comparison"]), _Metadata, path.name))
    except (StorageError, _DamagedError, KeyError, ValueError, RecursionError):
        return None


def path_of(checkpoint: Checkpoint, choice: NormalChoice) -> Path:
    """Where the comparison of this choice is saved."""
    return derived_folder(checkpoint.identity) / "anomalies" / f"{choice.key()}.safetensors"


def to_bytes(checkpoint: Checkpoint, comparison: Comparison) -> bytes:
    """The comparison as one file."""
    reference = comparison.reference
    arrays: dict[str, NDArray[Any]] = {REFERENCE + part: getattr(reference, part) for part in ("rows", "mu", "sigma")}
    arrays |= {SCORE + name: scores for name, scores in comparison.scores.items()}
    arrays |= {HELD_OUT + name: scores for name, scores in comparison.held_out.items()}
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    about = {
        "format": FORMAT,
        "version": VERSION,
        "identity": checkpoint.identity,
        "classes": comparison.choice.classes,
        "limits": LIMITS,
        "seconds": comparison.seconds,
        "pass_seconds": comparison.pass_seconds,
        "judged": {name: _values(evaluation) for name, evaluation in comparison.evaluations.items()},
        "digest": digest_of(arrays),
    }
    return safetensors.numpy.save(arrays, {"comparison": json.dumps(about, ensure_ascii=False)})


def _read(
    checkpoint: Checkpoint, choice: NormalChoice, tensors: dict[str, NDArray[Any]], about: _Metadata
) -> Comparison:
    expected = (FORMAT, VERSION, checkpoint.identity, choice.classes, LIMITS, digest_of(tensors))
    if (about.format, about.version, about.identity, about.classes, about.limits, about.digest) != expected:
        raise _DamagedError
    for array in tensors.values():
        array.flags.writeable = False
    names = [name for name in registry.SCORES if SCORE + name in tensors]  # in showing order
    n, m = len(checkpoint.latents.mu), len(tensors[HELD_OUT + names[0]]) if names else 0
    if not 1 <= m <= MAX_HELD_OUT or len(tensors) != 3 + 2 * len(names):  # what is left over has no known name
        raise _DamagedError
    reason = why_not(checkpoint, choice)
    outlier = outliers(checkpoint, choice)
    counts = int(outlier.sum()), int((~outlier).sum())
    return Comparison(
        choice=choice,
        reference=_reference(tensors, checkpoint.model.latent_dim),
        scores={name: _column(tensors, SCORE + name, n) for name in names},
        held_out={name: _column(tensors, HELD_OUT + name, m) for name in names},
        evaluations={name: _evaluation(about.judged[name], counts) for name in names if not reason},
        seconds={name: about.seconds[name] for name in names},
        pass_seconds=about.pass_seconds,
        why_not=reason,
    )


def _column(tensors: Mapping[str, NDArray[Any]], name: str, count: int) -> FloatArray:
    check_array(tensors[name], (count,), name)
    return tensors[name]


def _reference(tensors: Mapping[str, NDArray[Any]], latent_dim: int) -> NormalReference:
    rows, mu, sigma = (tensors[REFERENCE + part] for part in ("rows", "mu", "sigma"))
    rising = rows.dtype == np.int64 and rows.ndim == 1 and len(rows) and rows[0] >= 0 and (np.diff(rows) > 0).all()
    if not rising or len(rows) > MAX_REFERENCE:
        raise _DamagedError
    check_array(mu, (len(rows), latent_dim), "mu")
    check_array(sigma, (len(rows), latent_dim), "sigma")
    if sigma.min() < 0:
        raise _DamagedError
    return NormalReference(rows, mu, sigma)


def _values(evaluation: Evaluation) -> dict[str, Any]:
    bounds = {metric: getattr(evaluation, metric) for metric in METRICS}
    values: dict[str, Any] = {metric: [b.value, b.low, b.high] for metric, b in bounds.items()}
    return values | {"outliers": evaluation.outliers, "normals": evaluation.normals, "protocol": evaluation.protocol}


def _evaluation(said: _Evaluation, counts: tuple[int, int]) -> Evaluation:
    if (said.outliers, said.normals) != counts:
        raise _DamagedError
    check_visible(said.protocol, "the protocol")
    return Evaluation(_interval(said.auroc), _interval(said.auprc), _interval(said.fpr95), *counts, said.protocol)


def _interval(said: tuple[float, float, float]) -> Interval:
    value, low, high = said
    if low > high:
        raise _DamagedError
    return Interval(value, low, high)
