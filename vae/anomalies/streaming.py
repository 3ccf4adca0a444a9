"""Score a source chunk by chunk: what stays in memory is names and numbers, never all pixels. Scoring needs torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vae.anomalies import csv_report, detectors, judging, sources, thresholds
from vae.anomalies.detectors import Decisions, Detector
from vae.anomalies.evaluation import metrics
from vae.anomalies.evaluation.metrics import Evaluation
from vae.anomalies.normal_images import NormalChoice
from vae.anomalies.sources import Chunk, Source
from vae.checkpoints.checkpoint import Checkpoint
from vae.data import datasets
from vae.data.report.source_tally import SourceTally
from vae.errors import DatasetError, ScoreError

if TYPE_CHECKING:
    from vae.model.vae import VAE

MOST_BESIDE = 2_000  # normal test images that are scored beside outliers which have none


@dataclass
class Tally:
    """What has gone by while images were streamed: numbers, not pixels."""

    files: SourceTally
    scores: list[NDArray[np.float32]] = field(default_factory=list)
    labels: list[NDArray[np.int64]] = field(default_factory=list)
    flagged: int = 0

    @property
    def count(self) -> int:
        """Images scored."""
        return sum(map(len, self.scores))

    def add(self, chunk: Chunk, decisions: Decisions) -> None:
        """Count a chunk; what is flagged is counted once the threshold is sure."""
        self.scores.append(decisions.scores)
        if chunk.labels is not None:
            self.labels.append(chunk.labels)
        self.files.add(chunk.pixels, chunk.facts, chunk.labels)
        for one in chunk.skipped:
            self.files.leave_out(f"can't be read: {one.why}", one.name)


def scored(
    source: Source,
    detector: Detector,
    model: VAE,
    tally: Tally,
    on_batch: Callable[[int, int], None] = lambda done, total: None,
) -> Iterator[tuple[Chunk, Decisions]]:
    """Each chunk without its pixels, and its scores, which are added to `tally`.

    Raises ScoreError when no image could be read, or they have another shape than the model's.
    """
    from vae.anomalies.forward_pass import passes

    done = 0
    for chunk in source.read():
        batch = passes(model, chunk.pixels, detector.binarized, detector.seed)
        decisions = detectors.decide(detector, batch, model)
        tally.add(chunk, decisions)
        done += len(chunk.names) + len(chunk.skipped)
        on_batch(done, source.total)
        yield replace(chunk, pixels=np.empty((0, *chunk.pixels.shape[1:]), np.uint8)), decisions
    if not tally.count:
        why = "; ".join(map(str, tally.files.report().left_out[:3]))
        raise ScoreError(f"None of the {source.total:,} files can be read: {why}.", "Nothing was written.")


def rows(
    chunks: Iterable[tuple[Chunk, Decisions]], detector: Detector, source: Source, tally: Tally
) -> Iterator[csv_report.ReportRow]:
    """Rows of a report, decided by the detector's threshold; `tally.flagged` counts them."""
    for chunk, decisions in chunks:
        decided = replace(decisions, flagged=thresholds.flagged(decisions.scores, detector.threshold))
        tally.flagged += int(decided.flagged.sum())
        yield from csv_report.rows_of(chunk, decided, source.class_names)


def evaluated(
    checkpoint: Checkpoint,
    detector: Detector,
    model: VAE,
    source: Source,
    tally: Tally,
    outliers: tuple[str, ...] = (),
    on_batch: Callable[[int, int], None] = lambda done, total: None,
) -> Evaluation | str:
    """How well the score did, or why that can't be said: see `judged`."""
    labels = np.concatenate(tally.labels) if tally.labels else None
    return judged(
        checkpoint,
        detector.choice,
        source,
        Labelled(np.concatenate(tally.scores), labels),
        lambda: scored_beside(checkpoint, detector, model, on_batch),
        outliers,
    )


@dataclass(frozen=True, eq=False)
class Labelled:
    """Scores (n,) of a source's images and their labels (n,), None where it has no classes."""

    scores: NDArray[np.float32]
    labels: NDArray[np.int64] | None


def judged(
    checkpoint: Checkpoint,
    choice: NormalChoice,
    source: Source,
    images: Labelled,
    beside: Callable[[], Beside],
    outliers: tuple[str, ...] = (),
) -> Evaluation | str:
    """How well a score did on a source's images, or why that can't be said.

    What is not normal is an outlier; `outliers` may name those classes that are. Where none of the source's images is
    normal, the ones that `beside` scores stand beside them; it may raise DatasetError and ScoreError.
    """
    normal = judging.normal_names(checkpoint, choice)
    labels = np.full(len(images.scores), -1, np.int64) if images.labels is None else images.labels
    found = judging.truth(source.class_names, labels, normal, outliers)
    if reason := judging.why_not(checkpoint, source, found, bool(outliers)):
        return reason
    scores, outlier = images.scores[found.known], found.outlier[found.known]
    there = [name for name in source.class_names if name in normal]
    said = [f"normal: {judging.named(there)}"] if there else []
    if not found.normals:
        try:
            others = beside()
        except (DatasetError, ScoreError) as error:
            return f"None of the images is normal, and there are no others to compare them with: {error.message}"
        scores = np.concatenate([others.scores, scores])
        outlier = np.concatenate([np.zeros(len(others.scores), bool), outlier])
        said.append(others.note)
    if found.left_out:
        said.append(found.left_out_note)
    try:
        evaluation = metrics.evaluate(scores, outlier)
    except ScoreError as error:
        return error.message
    return replace(evaluation, protocol="; ".join([evaluation.protocol, *said]))


@dataclass(frozen=True, eq=False)
class Beside:
    """Scores (n,) of normal images that what was scored lacks, and which they are of."""

    scores: NDArray[np.float32]
    note: str


def scored_beside(
    checkpoint: Checkpoint,
    detector: Detector,
    model: VAE,
    on_batch: Callable[[int, int], None] = lambda done, total: None,
) -> Beside:
    """Score normal test images of the checkpoint's own data set; raises as `normal_test_images` does."""
    source = normal_test_images(checkpoint, detector.choice)
    tally = Tally(source.tally())
    for _ in scored(source, detector, model, tally, on_batch):
        pass
    return Beside(np.concatenate(tally.scores), beside_note(source, tally.count))


def beside_note(source: Source, count: int) -> str:
    """For a protocol: which normal images stand beside."""
    return f"the normal ones are {count:,} images of {source.title}, scored beside"


def normal_test_images(checkpoint: Checkpoint, choice: NormalChoice) -> Source:
    """Normal images of the test split, at most MOST_BESIDE seeded ones: neither model nor detector has seen them.

    Raises ScoreError where there are none, DatasetError where they are not on this machine.
    """
    found = datasets.load(checkpoint.dataset.name, "test")
    rows = np.flatnonzero(np.isin(found.labels, choice.labels(found.class_names)))
    if not len(rows):
        raise ScoreError(f"{choice.text(checkpoint, 'test')} has no images.")
    if len(rows) > MOST_BESIDE:
        rows = np.sort(np.random.default_rng(0).choice(rows, MOST_BESIDE, replace=False))
    return sources.from_dataset(found, checkpoint.model.image_shape, rows)
