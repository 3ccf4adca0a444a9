"""From a choice of normal images, a score and a source to scores and decisions; each step is remembered."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ui.shared import cache, page
from ui.shared.progress_cache import Bar, known, remembered
from vae.anomalies import detectors, judging, normal_images, streaming, thresholds
from vae.anomalies.detectors import Decisions, Detector
from vae.anomalies.methods import registry
from vae.anomalies.methods.base import MAX_REFERENCE
from vae.anomalies.normal_images import NormalChoice
from vae.anomalies.sources import Source
from vae.anomalies.streaming import Beside
from vae.anomalies.thresholds import Rule
from vae.budget import limits, needs
from vae.checkpoints.checkpoint import Checkpoint, FloatArray
from vae.checkpoints.metrics import measured_by
from vae.data import datasets
from vae.data.report.image_report import ImageReport
from vae.errors import BudgetError, DatasetError, ScoreError
from vae.storage import paths

if TYPE_CHECKING:  # torch is imported once something is computed: the first pictures come without it
    from vae.anomalies.forward_pass import Pass

COURSE = "anomalies_course"  # in the session: how far the model has come
CHUNK = 1_000  # images scored between two reports
REGRETTED, REGRETTED_AT_ONCE = 50, 10  # held-out normal images that say what regret normal images have


@dataclass(frozen=True)
class Wanted:
    """What is to be scored: a source and the key by which it is remembered."""

    source: Source
    key: str


@dataclass(frozen=True, eq=False)
class Seen:
    """A source's images (n, C, H, W) in `images.pixels`, all that the model makes of them, and what was skipped."""

    title: str
    images: Pass
    names: tuple[str, ...]
    rows: NDArray[np.int64] | None
    labels: NDArray[np.int64] | None
    class_names: tuple[str, ...]
    report: ImageReport
    test_rows: NDArray[np.int64] | None  # rows of the checkpoint's own test split, None for images of elsewhere


@dataclass(frozen=True, eq=False)
class Scored:
    """Scores of what was seen by one detector."""

    seen: Seen
    detector: Detector
    decisions: Decisions

    @property
    def scores(self) -> FloatArray:
        """(n,), higher is more anomalous."""
        return self.decisions.scores


@dataclass(frozen=True, eq=False)
class Judgeable:
    """Scores (n,) of images that are known to be outliers or not, and those (m,) of images of which nothing is known.

    `note` says which normal images are from elsewhere, and what is left out.
    """

    scores: FloatArray
    outlier: NDArray[np.bool_]
    unknown: FloatArray
    note: str


@dataclass
class Course:
    """How many of all the images that the model has to look at it has seen: those to check, and normal ones."""

    total: int
    done: int = 0
    seconds: float = 0.0


def own_key(checkpoint: Checkpoint) -> str:
    """The key of the images that the checkpoint's latents belong to."""
    return f"test {checkpoint.dataset.test_fingerprint}"


def check_room(checkpoint: Checkpoint) -> None:
    """Raise BudgetError where there is too little memory for looking at images, here in the page's own process."""
    limits.check_memory(replace(needs.scoring(checkpoint.model), program=0), "Looking at the images")


def reference(checkpoint: Checkpoint, choice: NormalChoice) -> Pass:
    """What the model makes of the normal training images that detectors are fitted to."""
    return _normal(checkpoint, choice, "train")


def _normal(checkpoint: Checkpoint, choice: NormalChoice, split: str) -> Pass:
    def make() -> Pass:
        check_room(checkpoint)
        model = cache.model(checkpoint)
        from vae.anomalies.forward_pass import passes

        images = (normal_images.reference if split == "train" else normal_images.held_out)(checkpoint, choice).images
        course: Course = st.session_state.setdefault(COURSE, Course(still_to_see(checkpoint, choice)))
        before, begun = course.done, time.monotonic()
        with Bar("Looking at normal images", course.seconds) as bar:
            found = passes(
                model, images, binarized(checkpoint), on_batch=lambda done, _: bar.update(before + done, course.total)
            )
        course.done, course.seconds = before + len(images), course.seconds + time.monotonic() - begun
        return found

    return remembered(_normal_key(checkpoint, choice, split), make)


def _normal_key(checkpoint: Checkpoint, choice: NormalChoice, split: str) -> tuple[str, ...]:
    return ("normal", checkpoint.identity, choice.key(), split, _data_state(checkpoint))


def still_to_see(checkpoint: Checkpoint, choice: NormalChoice) -> int:
    """How many normal images the model hasn't seen yet, about."""
    total = 0
    for split, most in (("train", MAX_REFERENCE), ("validation", normal_images.MAX_HELD_OUT)):
        if known(_normal_key(checkpoint, choice, split)) is None:
            images = cache.split(checkpoint.dataset.name, split)
            total += min(most, int(np.isin(images.labels, choice.labels(images.class_names)).sum()))
    return total


def held_out(checkpoint: Checkpoint, choice: NormalChoice) -> Pass:
    """What the model makes of normal validation images, which no detector was fitted to."""
    return _normal(checkpoint, choice, "validation")


def normal_regret(checkpoint: Checkpoint, choice: NormalChoice) -> FloatArray:
    """Likelihood regret of a few held-out normal images, (n,): it takes seconds, so it is computed once."""

    def make() -> FloatArray:
        score, model, normal = registry.get("regret"), cache.model(checkpoint), held_out(checkpoint, choice)
        rows = np.random.default_rng(0).permutation(len(normal))[:REGRETTED]
        parts = []
        with Bar("Optimising q(z|x) for normal images") as bar:
            for start in range(0, len(rows), REGRETTED_AT_ONCE):
                parts.append(score.score(normal.take(rows[start : start + REGRETTED_AT_ONCE]), {}, model))
                bar.update(min(start + REGRETTED_AT_ONCE, len(rows)), len(rows))
        return np.concatenate(parts)

    return remembered(("regret", checkpoint.identity, choice.key(), _data_state(checkpoint)), make)


def _data_state(checkpoint: Checkpoint) -> str:
    """Changes when the data set's files were replaced or another folder is used."""
    known = datasets.info(checkpoint.dataset.name) if datasets.is_known(checkpoint.dataset.name) else None
    return f"{paths.data_dir()} {known.changed() if known else 0}"


def fitted(checkpoint: Checkpoint, choice: NormalChoice, score: str) -> Detector:
    """The score fitted to the normal images and calibrated on held-out ones; its threshold is the default."""

    def make() -> Detector:
        normal, calibrating = reference(checkpoint, choice), held_out(checkpoint, choice)
        text, model, title = choice.text(checkpoint), cache.model(checkpoint), page.escape(registry.get(score).title)
        with st.spinner(f"Fitting {title} to {len(normal):,} normal images", show_time=True):
            return detectors.fit(checkpoint, model, score, normal, calibrating, text, choice=choice)

    found = remembered(("fitted", checkpoint.identity, choice.key(), score, _data_state(checkpoint)), make)
    return replace(found, aliases=choice.aliases)  # nothing is fitted to those: another session's may differ


def scored(checkpoint: Checkpoint, detector: Detector, seen: Seen, key: str, choice: NormalChoice) -> Scored:
    """Every image's score, how many held-out normal images it is higher than, and the decision."""

    def make() -> Decisions:
        model, count = cache.model(checkpoint), len(seen.images)
        parts = []
        with Bar(f"Scoring by {registry.get(detector.score).title}") as bar:
            for start in range(0, count, CHUNK):
                batch = seen.images.take(slice(start, start + CHUNK))
                parts.append(detectors.decide(detector, batch, model))
                bar.update(start + len(batch), count)
        return Decisions(
            np.concatenate([part.scores for part in parts]),
            np.concatenate([part.higher_than for part in parts]),
            np.concatenate([part.flagged for part in parts]),
            parts[0].held_out,
        )

    decisions = remembered(
        ("scored", checkpoint.identity, choice.key(), detector.score, key, _data_state(checkpoint)), make
    )
    return Scored(seen, detector, decisions)


def with_rule(found: Scored, rule: Rule) -> Scored:
    """The same scores with another threshold."""
    detector = detectors.with_rule(found.detector, rule, found.scores)
    flagged = thresholds.flagged(found.scores, detector.threshold)
    return Scored(found.seen, detector, replace(found.decisions, flagged=flagged))


def judgeable(
    checkpoint: Checkpoint, source: Source, found: Scored, choice: NormalChoice
) -> tuple[Judgeable | None, str]:
    """What can be judged, or why nothing can."""
    seen = found.seen
    labels = seen.labels if seen.labels is not None else np.full(len(found.scores), -1, np.int64)
    truth = judging.truth(seen.class_names, labels, judging.normal_names(checkpoint, choice))
    if reason := judging.why_not(checkpoint, source, truth, chosen=False):
        return None, reason
    scores, outlier = found.scores[truth.known], truth.outlier[truth.known]
    unknown, said = found.scores[~truth.known], []
    if not truth.normals:
        try:
            beside = _normal_test_scores(checkpoint, found.detector, choice)
        except (DatasetError, ScoreError, BudgetError) as error:
            return None, f"None of the images is normal, and there are no others to compare them with: {error.message}"
        scores = np.concatenate([beside.scores, scores])
        outlier = np.concatenate([np.zeros(len(beside.scores), bool), outlier])
        said.append(beside.note)
    if truth.left_out:
        said.append(truth.left_out_note)
    return Judgeable(scores, outlier, unknown, "; ".join(said)), ""


def _normal_test_scores(checkpoint: Checkpoint, detector: Detector, choice: NormalChoice) -> Beside:
    """The scores that the command would set beside. Raises as `streaming.scored_beside` does, and BudgetError."""

    def make() -> Beside:
        check_room(checkpoint)
        with Bar("Looking at normal images of the test split") as bar:
            return streaming.scored_beside(checkpoint, detector, cache.model(checkpoint), bar.update)

    key = ("normal test", checkpoint.identity, choice.key(), detector.score, _data_state(checkpoint))
    return remembered(key, make)


def binarized(checkpoint: Checkpoint) -> bool:
    """Whether the model sees pixels drawn as 0 or 1, as it was trained."""
    return measured_by(checkpoint.model, checkpoint.train).binarized
