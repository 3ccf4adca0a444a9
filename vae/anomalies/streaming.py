"""Score a source chunk by chunk: what stays in memory is names and numbers, never all pixels. Scoring needs torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vae.anomalies import csv_report, detectors, thresholds
from vae.anomalies.detectors import Decisions, Detector
from vae.anomalies.evaluation import metrics
from vae.anomalies.evaluation.metrics import Evaluation
from vae.anomalies.sources import Chunk, Source
from vae.checkpoints.checkpoint import Checkpoint
from vae.data.report.source_tally import SourceTally
from vae.errors import ScoreError

if TYPE_CHECKING:
    from vae.model.vae import VAE

USED = {  # of a checkpoint's own data set: how good a score is shows on images that nothing was fitted to
    "train": "Model and detector were fitted to these images.",
    "validation": "The detector was calibrated on these images.",
}


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


def evaluated(checkpoint: Checkpoint, detector: Detector, source: Source, tally: Tally) -> Evaluation | str:
    """How well the score did, or why that can't be said.

    Images without a class that the checkpoint's data set has are left out: nobody knows whether they are outliers.
    """
    if source.dataset == checkpoint.dataset.name and source.split in USED:
        return USED[source.split]
    if not source.class_names:
        return "The images have no classes."
    known = [label for label, name in enumerate(source.class_names) if name in checkpoint.dataset.class_names]
    if not known:
        what = "data set's classes" if source.has_rows else "sub-folders"
        return f"The {what} are no classes of {checkpoint.dataset.title}."
    if not detector.classes:
        return "Every class is normal: --normal names those that are."
    normal = [label for label in known if source.class_names[label] in detector.classes]
    labels, scores = np.concatenate(tally.labels), np.concatenate(tally.scores)
    labelled = np.isin(labels, known)
    try:
        found = metrics.evaluate(scores[labelled], ~np.isin(labels[labelled], normal))
    except ScoreError as error:
        return error.message
    left = int((~labelled).sum())
    which = f"; {left:,} images of no class of {checkpoint.dataset.title} are left out" if left else ""
    return replace(found, protocol=found.protocol + which)
