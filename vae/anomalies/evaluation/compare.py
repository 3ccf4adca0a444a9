"""Every score of the test split side by side: fitted to normal images, evaluated where labels tell the outliers.

Importing it is light; `compare` imports torch.
"""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vae.anomalies import normal_images
from vae.anomalies.evaluation import metrics
from vae.anomalies.evaluation.comparison import Comparison, NormalReference, in_order, outliers, why_not
from vae.anomalies.methods import registry
from vae.anomalies.methods.base import Score, State
from vae.anomalies.normal_images import NormalChoice
from vae.checkpoints.checkpoint import Checkpoint, FloatArray
from vae.data import datasets
from vae.data.image_dataset import ImageDataset
from vae.errors import ScoreError

if TYPE_CHECKING:
    from vae.anomalies.forward_pass import Pass
    from vae.model.vae import VAE

FORWARD = "forward"  # what on_progress is told before the first score's name
CHUNK = 500  # images scored between two reports of progress
OnProgress = Callable[[str, int, int], None]


def default_names() -> tuple[str, ...]:
    """All scores but those that are for a chosen few images."""
    return tuple(name for name in registry.SCORES if name not in registry.SLOW)


def compare(
    checkpoint: Checkpoint,
    model: VAE,
    choice: NormalChoice,
    names: Iterable[str],
    on_progress: OnProgress = lambda name, done, total: None,
    on_finished: Callable[[Comparison], None] = lambda comparison: None,
) -> Comparison:
    """Fit every named score to normal images of the train split, score the test split, and evaluate it by the labels.

    All three splits are seen in the same way (`passes`): with the stored latents' noise, which differs from image to
    image, test images would score unlike held-out ones, and unlike what `score` says of them later.

    `on_progress(name, done, total)` is told of every few hundred images of each score, and of FORWARD first; it may
    raise to stop. `on_finished` gets after every score what is finished so far, to save it.

    Raises
    ------
    ScoreError
        For no score or an unknown one, a choice without images, other test images than the checkpoint was measured on,
        and when no score could be computed; one of several that can't is in `failed`.
    DatasetMissingError
        When the images are not on this machine.
    """
    choice = normal_images.chosen(checkpoint, choice.classes)
    scores = ordered(names)
    fitted_to = normal_images.reference(checkpoint, choice)
    splits = (fitted_to.images, normal_images.held_out(checkpoint, choice).images, _test_images(checkpoint).images)
    (known, calibrating, test), pass_seconds = seen(checkpoint, model, splits, on_progress)
    reference = NormalReference(fitted_to.rows, known.mu, known.sigma)
    found = Comparison(choice, reference, pass_seconds=pass_seconds, why_not=why_not(checkpoint, choice))
    outlier = outliers(checkpoint, choice)
    for score in scores:
        try:
            found = _with(found, score, model, (known, calibrating, test), outlier, on_progress)
        except ScoreError as error:
            found = dataclasses.replace(found, failed=found.failed | {score.name: str(error)})
            continue
        on_finished(found)
    if not found.scores:
        raise ScoreError(next(iter(found.failed.values())))
    return found


def ordered(names: Iterable[str]) -> list[Score]:
    """The scores of these names, those that ask the model again last. Raises ScoreError for none, or an unknown one."""
    wanted = {registry.get(name).name for name in names}
    if not wanted:
        raise ScoreError("No score was chosen.", f"Known ones: {', '.join(registry.SCORES)}.")
    chosen = [score for name, score in registry.SCORES.items() if name in wanted]
    return sorted(chosen, key=lambda score: score.needs_model)  # which takes most of the time


def binarized(checkpoint: Checkpoint) -> bool:
    """Whether the model sees pixels drawn as 0 or 1, as it was trained."""
    return checkpoint.train.binarization == "dynamic"


def _test_images(checkpoint: Checkpoint) -> ImageDataset:
    images = datasets.load(checkpoint.dataset.name, "test")
    if images.fingerprint != checkpoint.dataset.test_fingerprint:
        raise ScoreError(
            f"The {images.split} images of {images.name} are not those that {checkpoint.name} was measured on.",
            "The data set was replaced; fetch or import the old one, or train again.",
        )
    return images


def seen(
    checkpoint: Checkpoint, model: VAE, splits: Sequence[NDArray[np.uint8]], on_progress: OnProgress
) -> tuple[list[Pass], float]:
    """A pass of each, and the seconds of the last one."""
    from vae.anomalies.forward_pass import passes

    total, done, found, seconds = sum(len(images) for images in splits), 0, [], 0.0
    for images in splits:
        began = time.perf_counter()
        report = functools.partial(_report, on_progress, FORWARD, done, total)
        found.append(passes(model, images, binarized(checkpoint), on_batch=report))
        seconds, done = time.perf_counter() - began, done + len(images)
    return found, seconds


def _report(on_progress: OnProgress, name: str, before: int, total: int, done: int, of: int) -> None:
    on_progress(name, before + done, total)


def _with(
    found: Comparison,
    score: Score,
    model: VAE,
    splits: tuple[Pass, Pass, Pass],
    outlier: NDArray[np.bool_],
    on_progress: OnProgress,
) -> Comparison:
    """The comparison and one score more, from the passes of reference, held-out and test images."""
    reference, held_out, test = splits
    total, name = len(held_out) + len(test), score.name
    on_progress(name, 0, total)
    state = score.fit(reference, model)
    calibration = scored(score, model, held_out, state, functools.partial(_report, on_progress, name, 0, total))
    began = time.perf_counter()  # estimators that are built on first use are there by now
    report = functools.partial(_report, on_progress, name, len(held_out), total)
    scores = scored(score, model, test, state, report)
    seconds = time.perf_counter() - began
    evaluation = {} if found.why_not else {name: metrics.evaluate(scores, outlier)}
    return dataclasses.replace(
        found,
        scores=in_order(found.scores | {name: scores}),
        held_out=in_order(found.held_out | {name: calibration}),
        evaluations=in_order(found.evaluations | evaluation),
        seconds=in_order(found.seconds | {name: seconds}),
    )


def scored(score: Score, model: VAE, batch: Pass, state: State, on_chunk: Callable[[int, int], None]) -> FloatArray:
    """(n,), chunk by chunk, so that a slow score tells where it is and can be stopped."""
    from vae.checkpoints.inference import batches

    scores = np.empty(len(batch), np.float32)
    for rows in batches(len(batch), CHUNK, on_batch=on_chunk):
        scores[rows] = score.score(batch.take(rows), state, model)
    if bad := int(np.isnan(scores).sum()):
        raise ScoreError(f"{score.title}: {bad:,} of {len(scores):,} scores are not a number.", "Choose another score.")
    return scores
