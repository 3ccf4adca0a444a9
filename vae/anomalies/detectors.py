"""A detector: one score fitted to normal images, a threshold, and what held-out normal images score. No torch here.

Kept beside a checkpoint as derived/<identity>/detectors/<hash of its name>.safetensors.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from vae.anomalies import detector_files, thresholds
from vae.anomalies.detector_files import MAX_NAME, QUANTILES, Detector, Kept, check_name
from vae.anomalies.evaluation import metrics
from vae.anomalies.evaluation.metrics import Bools
from vae.anomalies.methods import registry
from vae.anomalies.thresholds import Count, Rule
from vae.checkpoints.checkpoint import Checkpoint, FloatArray
from vae.errors import ScoreError
from vae.storage.files import write_atomically
from vae.storage.paths import derived_folder
from vae.storage.reporting import write_errors_as

if TYPE_CHECKING:
    from vae.anomalies.forward_pass import Pass
    from vae.model.vae import VAE

__all__ = [
    "DEFAULT_RULE",
    "Decisions",
    "Detector",
    "Kept",
    "Rule",
    "check_name",
    "decide",
    "delete",
    "fit",
    "keep",
    "kept",
    "percentile",
    "read",
    "with_rule",
]
MIN_HELD_OUT = 2
DEFAULT_RULE = Rule("false_alarms", 0.05)


@dataclass(frozen=True, eq=False)
class Decisions:
    """Of each image (n,): its score, the percentile among held-out normal images (0 to 100), and whether it is
    flagged.
    """

    scores: FloatArray
    percentiles: FloatArray
    flagged: Bools


def fit(
    checkpoint: Checkpoint,
    model: VAE | None,
    score_name: str,
    normal: Pass,
    held_out: Pass,
    normal_text: str,
    rule: Rule = DEFAULT_RULE,
    name: str = "",
    classes: tuple[str, ...] = (),
) -> Detector:
    """Fit the score to `normal` images and calibrate it on `held_out` normal images that it hasn't seen.

    `model` may be None for a score that needs none; `name` empty: the score's title; `classes` are the names of the
    normal ones, none for all. Raises ScoreError for an unknown
    score, too few held-out images, held-out scores that aren't finite, or a contamination rule: that one needs the
    images to be scored, see `with_rule`.
    """
    score = registry.get(score_name)
    check_name(name := name or score.title)
    if len(held_out.mu) < MIN_HELD_OUT:
        raise ScoreError(
            f"There are {len(held_out.mu)} held-out normal images, expected at least {MIN_HELD_OUT}.",
            "Choose more classes as normal.",
        )
    if rule.kind == "contamination":
        raise ScoreError("A contamination rate is of the images that are scored.", "Fit first, then set the threshold.")
    state = score.fit(normal, model)
    scores = _checked(score.score(held_out, state, model), len(held_out.mu), score_name)
    if bad := int((~np.isfinite(scores)).sum()):
        raise ScoreError(
            f"{score_name}: {bad:,} of {len(scores):,} held-out normal images have a score that is not finite.",
            "Choose another score, or check the model.",
        )
    calibration = np.quantile(scores.astype(np.float64), np.linspace(0, 1, QUANTILES))
    # off the calibration, not off the scores, as `with_rule` does later
    threshold = rule.value if rule.kind == "threshold" else metrics.from_false_alarms(calibration, rule.value)
    made = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return Detector(
        name=name,
        score=score_name,
        threshold=threshold,
        chosen=rule.text(thresholds.count(calibration, len(scores), threshold)),
        normal=normal_text,
        held_out=len(scores),
        identity=checkpoint.identity,
        checkpoint=checkpoint.name,
        made=made,
        classes=classes,
        binarized=normal.binarized,
        seed=normal.seed,
        calibration=calibration,
        state=state,
    )


def with_rule(detector: Detector, rule: Rule, scores: ArrayLike | None = None) -> Detector:
    """The same detector with another threshold; `scores` are those of the images that a contamination rate is of.

    False alarms are read off the calibration, so to 0.1 %. Raises ScoreError for a contamination rate without scores.
    """
    if rule.kind != "contamination":
        by_hand = rule.kind == "threshold"
        threshold = rule.value if by_hand else metrics.from_false_alarms(detector.calibration, rule.value)
        found = thresholds.count(detector.calibration, detector.held_out, threshold)
    elif scores is None:
        raise ScoreError("A contamination rate is of the images that are scored, and none were.", "Score some first.")
    else:
        numbers = np.asarray(scores, np.float64)
        numbers = np.where(np.isnan(numbers), np.inf, numbers)  # flagged at any threshold
        threshold = metrics.from_contamination(numbers, rule.value)
        found = Count(int(metrics.flagged(numbers, threshold).sum()), len(numbers))
    return dataclasses.replace(detector, threshold=threshold, chosen=rule.text(found))


def decide(detector: Detector, batch: Pass, model: VAE | None) -> Decisions:
    """Score a batch of images, compare with the threshold. Raises ScoreError for a state that doesn't fit the batch."""
    score = registry.get(detector.score)
    if (batch.binarized, batch.seed) != (detector.binarized, detector.seed):
        raise ScoreError(
            f"The images were seen binarized: {batch.binarized}, seed {batch.seed}; the detector was fitted to images "
            f"seen binarized: {detector.binarized}, seed {detector.seed}.",
            "Pass the detector's `binarized` and `seed` to `passes`.",
        )
    try:
        raw = score.score(batch, detector.state, model)
    except (KeyError, IndexError, TypeError, ValueError, RuntimeError) as error:
        raise ScoreError(
            f"The detector {detector.name!r} can't score these images ({type(error).__name__}: {error!s:.200}).",
            "Fit it again.",
        ) from error
    scores = _checked(raw, len(batch.mu), detector.score)
    return Decisions(scores, percentile(detector, scores), metrics.flagged(scores, detector.threshold))


def percentile(detector: Detector, scores: ArrayLike) -> FloatArray:
    """Share of held-out normal images that score lower, in % and to 0.1 %; equal ones count half, NaN is 100."""
    values, place = np.unique(detector.calibration, return_inverse=True)
    level = np.bincount(place, weights=np.linspace(0, 100, QUANTILES)) / np.bincount(place)  # mean over equal ones
    numbers = np.asarray(scores, np.float64)
    found = np.interp(np.where(np.isnan(numbers), np.inf, numbers), values, level, left=0, right=100)
    return found.astype(np.float32)


def keep(detector: Detector) -> Path:
    """Keep it beside its checkpoint; one of the same name is replaced in one step. Raises ScoreError."""
    check_name(detector.name)
    path = _path(detector.identity, detector.name)
    with write_errors_as(ScoreError, path):
        write_atomically(path, detector_files.to_bytes(detector))
    return path


def kept(checkpoint: Checkpoint) -> list[Kept]:
    """The checkpoint's detectors by name; those that are damaged, or of an unknown score, are left out."""
    found = []
    for path in _folder(checkpoint.identity).glob("*.safetensors"):
        with contextlib.suppress(ScoreError):
            about = detector_files.read_kept(path)
            registry.get(about.score)
            if path == _path(checkpoint.identity, about.name) and about.identity == checkpoint.identity:
                found.append(about)
    return sorted(found, key=lambda about: about.name)


def read(checkpoint: Checkpoint, name: str) -> Detector:
    """The kept detector of that name. Raises ScoreError: there is none, it is damaged, or of another checkpoint."""
    path = _path(checkpoint.identity, name)
    if not path.is_file():
        names = ", ".join(about.name for about in kept(checkpoint)) or "none"
        raise ScoreError(f"{checkpoint.name} has no detector {name[:MAX_NAME]!r}.", f"Kept ones: {names}.")
    detector = detector_files.read_detector(path)
    if detector.identity != checkpoint.identity:
        raise ScoreError(
            f"The detector {detector.name!r} was fitted to {detector.checkpoint}, and this is {checkpoint.name}.",
            "Fit one for this checkpoint.",
        )
    registry.get(detector.score)
    return detector


def delete(checkpoint: Checkpoint, name: str) -> None:
    """Remove a kept detector, readable or not; one that is gone already is no error. Raises ScoreError."""
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


def _checked(scores: Any, count: int, name: str) -> FloatArray:
    array = np.asarray(scores, np.float32)
    if array.shape != (count,):
        raise ScoreError(f"{name} gave scores of shape {array.shape}, expected ({count},).", "Fit it again.")
    return array
