"""A detector: one score fitted to normal images, a threshold, and what held-out normal images score.

Only fitting to a data set imports torch.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from msgspec import Meta
from numpy.typing import ArrayLike, NDArray

from vae.anomalies import normal_images, thresholds
from vae.anomalies.methods import registry
from vae.anomalies.methods.base import ONLY
from vae.anomalies.normal_images import NormalChoice, NormalImages
from vae.anomalies.thresholds import Bools, Count, Float64s, Rule, Share, percent
from vae.checkpoints.checkpoint import Checkpoint, FloatArray
from vae.data.imported_dataset import MAX_CLASSES
from vae.errors import ScoreError
from vae.storage.printing import is_visible
from vae.storage.schema import Finite, Sha256, integer, text

if TYPE_CHECKING:
    from vae.anomalies.forward_pass import Pass
    from vae.model.vae import VAE

MAX_NAME = 60
MIN_HELD_OUT = 1
DEFAULT_RULE = Rule("false_alarms", normal_images.USUAL_SHARE)
MOST_SLOW = 200  # held-out images of a score that optimises for each
ALL_CLASSES = NormalChoice()
CLASSES = Meta(max_length=MAX_CLASSES, description=f"a list of at most {MAX_CLASSES:,} names")


@dataclass(frozen=True, eq=False)
class DetectorInfo:
    """What is known of a detector without its arrays: enough for a list."""

    name: Annotated[str, text(MAX_NAME)]
    score: Annotated[str, text(60)]  # a key of registry.SCORES
    threshold: Finite  # a score above it is an anomaly
    chosen: Annotated[str, text(400)]  # how the threshold was chosen, in words
    normal: Annotated[str, text(1_000)]  # which images it takes for normal, in words
    held_out: Annotated[int, integer(1, 10**9)]  # normal images that it was calibrated on
    identity: Sha256  # of the checkpoint
    checkpoint: Annotated[str, text(200)]  # its name
    made: Annotated[str, text(40)]  # UTC, ISO 8601
    classes: Annotated[tuple[Annotated[str, text(1_000)], ...], CLASSES]  # that are normal; empty: all
    binarized: bool  # how its passes see pixels, see forward_pass.py
    seed: Annotated[int, integer(0, 2**63 - 1)]
    aliases: Annotated[tuple[Annotated[str, text(1_000)], ...], CLASSES] = ()  # normal_images.NormalChoice

    @property
    def choice(self) -> NormalChoice:
        """Which images it takes for normal."""
        return NormalChoice(self.classes, self.aliases)


@dataclass(frozen=True, eq=False)
class Detector(DetectorInfo):
    """`calibration` (held_out,) float64 rises: the scores of held-out normal images."""

    calibration: Float64s = field(kw_only=True)
    state: dict[str, NDArray[Any]] = field(kw_only=True)  # what the score's `fit` returned

    @property
    def info(self) -> DetectorInfo:
        """The same without arrays."""
        return DetectorInfo(*(getattr(self, known.name) for known in dataclasses.fields(DetectorInfo)))


def check_name(name: str) -> None:
    """Raise ScoreError unless it has 1 to 60 printable characters, and can follow --detector."""
    if not (name.strip() and is_visible(name) and len(name) <= MAX_NAME) or name.startswith("-"):
        raise ScoreError(
            f"{name[:MAX_NAME]!r} is no name.", f"Give it 1 to {MAX_NAME} printable characters, the first not a dash."
        )


@dataclass(frozen=True, eq=False)
class Decisions:
    """Of each image (n,): its score, how many of `held_out` normal images it is higher than, whether it is flagged."""

    scores: FloatArray
    higher_than: NDArray[np.int64]
    flagged: Bools
    held_out: int


def fit(
    checkpoint: Checkpoint,
    model: VAE | None,
    score_name: str,
    normal: Pass,
    held_out: Pass,
    normal_text: str,
    rule: Rule = DEFAULT_RULE,
    name: str = "",
    choice: NormalChoice = ALL_CLASSES,
) -> Detector:
    """Fit the score to `normal` images and calibrate it on `held_out` normal images that it hasn't seen.

    `model` may be None for a score that needs none; `name` empty: the score's title; `choice` names the normal
    classes. Raises ScoreError for an unknown score, no held-out images, held-out scores that aren't finite, or a
    contamination rule: that one needs the images to be scored, see `with_rule`.
    """
    score = registry.get(score_name)
    check_name(name := name or score.title)
    if len(held_out.mu) < MIN_HELD_OUT:
        raise ScoreError(
            "There are no held-out normal images, expected at least one.",
            f"{thresholds.images_for(DEFAULT_RULE.value)} can promise {percent(DEFAULT_RULE.value)} false alarms.",
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
    calibration = np.sort(scores.astype(np.float64))
    threshold = rule.value if rule.kind == "threshold" else thresholds.from_false_alarms(calibration, rule.value)
    made = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return Detector(
        name=name,
        score=score_name,
        threshold=threshold,
        chosen=rule.text(thresholds.count(calibration, threshold)),
        normal=normal_text,
        held_out=len(scores),
        identity=checkpoint.identity,
        checkpoint=checkpoint.name,
        made=made,
        classes=choice.classes,
        aliases=choice.aliases,
        binarized=normal.binarized,
        seed=normal.seed,
        calibration=calibration,
        state=state,
    )


def fit_to_dataset(
    checkpoint: Checkpoint,
    model: VAE,
    score_name: str,
    choice: NormalChoice,
    rule: Rule = DEFAULT_RULE,
    on_batch: Callable[[int, int], None] = lambda done, total: None,
) -> Detector:
    """Fit to at most 10,000 seeded training images that are normal, fewer of large ones, calibrate on normal
    validation images.

    `on_batch(done, total)` is told how many images the model has seen and may raise to stop. Raises what
    `normal_images.reference` and `fit` raise.
    """
    from vae.anomalies.forward_pass import passes

    registry.get(score_name)  # before anything is computed for nothing
    known = normal_images.reference(checkpoint, choice)
    most = MOST_SLOW if score_name in registry.SLOW else normal_images.MAX_HELD_OUT
    held_out = normal_images.held_out(checkpoint, choice, most)
    total = len(known) + len(held_out)

    def see(images: NormalImages, begun: int) -> Pass:
        binarized = checkpoint.train.binarization == "dynamic"  # as its latents were
        return passes(model, images.images, binarized, on_batch=lambda done, _: on_batch(begun + done, total))

    fitted_to, calibrated_on = see(known, 0), see(held_out, len(known))
    text = f"{choice.text(checkpoint)}: {len(known):,} images"
    return fit(checkpoint, model, score_name, fitted_to, calibrated_on, text, rule, choice=choice)


def with_rule(detector: Detector, rule: Rule, scores: ArrayLike | None = None) -> Detector:
    """The same detector with another threshold; `scores` are those of the images that a contamination rate is of.

    Raises ScoreError for a contamination rate without scores.
    """
    if rule.kind != "contamination":
        by_hand = rule.kind == "threshold"
        threshold = rule.value if by_hand else thresholds.from_false_alarms(detector.calibration, rule.value)
        found = thresholds.count(detector.calibration, threshold)
    elif scores is None:
        raise ScoreError("A contamination rate is of the images that are scored, and none were.", "Score some first.")
    else:
        numbers = np.asarray(scores, np.float64)
        numbers = np.where(np.isnan(numbers), np.inf, numbers)  # flagged at any threshold
        threshold = thresholds.from_contamination(numbers, rule.value)
        found = Count(int(thresholds.flagged(numbers, threshold).sum()), len(numbers))
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
    return Decisions(
        scores,
        thresholds.higher_than(scores, detector.calibration),
        thresholds.flagged(scores, detector.threshold),
        len(detector.calibration),
    )


def equal_note(detector: Detector) -> str:
    """What to say where all normal images are the same one; empty elsewhere."""
    if ONLY not in detector.state:
        return ""
    return "All normal images are equal, so each score is an image's squared distance from that one."


def true_false_alarms(detector: Detector) -> Share:
    """What share of new normal images its threshold flags, as far as the held-out ones tell."""
    return thresholds.true_share(thresholds.count(detector.calibration, detector.threshold))


def _checked(scores: Any, count: int, name: str) -> FloatArray:
    array = np.asarray(scores, np.float32)
    if array.shape != (count,):
        raise ScoreError(f"{name} gave scores of shape {array.shape}, expected ({count},).", "Fit it again.")
    return array
