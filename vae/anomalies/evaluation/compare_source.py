"""Every score of images from elsewhere, a folder or another data set, side by side: fitted and judged as by `score`.

What a comparison of the test split can't say of a model of one class shows here: other images are the outliers. Chunk
by chunk, so what stays in memory is scores. Importing it is light; `compare_source` imports torch.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vae.anomalies import normal_images, streaming
from vae.anomalies.evaluation import compare
from vae.anomalies.evaluation.compare import OnProgress
from vae.anomalies.evaluation.comparison import Comparison, NormalReference, in_order
from vae.anomalies.evaluation.metrics import Evaluation
from vae.anomalies.methods.base import Score, State
from vae.anomalies.normal_images import NormalChoice
from vae.anomalies.sources import Source
from vae.anomalies.streaming import Beside, Labelled
from vae.checkpoints.checkpoint import Checkpoint, FloatArray
from vae.data.report.source_tally import SourceTally
from vae.errors import ScoreError

if TYPE_CHECKING:
    from vae.model.vae import VAE

SCORING = "scoring"  # what on_progress is told while the source's images go by


@dataclass(frozen=True, eq=False)
class SourceComparison:
    """How every score does on the images of a source, in `comparison`, which is not kept; what became of the images."""

    comparison: Comparison
    tally: SourceTally


@dataclass(frozen=True, eq=False)
class _Fitted:
    """A score, its state, and what it says of held-out normal images."""

    score: Score
    state: State
    held_out: FloatArray


@dataclass(eq=False)
class _Gone:
    """What has gone by: of each score its values, and the labels."""

    scores: dict[str, list[FloatArray]]
    tally: SourceTally
    labels: list[NDArray[np.int64]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    pass_seconds: float = 0.0

    @property
    def count(self) -> int:
        """Images scored."""
        return sum(map(len, next(iter(self.scores.values()))))

    def labelled(self, name: str) -> Labelled:
        labels = np.concatenate(self.labels) if self.labels else None
        return Labelled(np.concatenate(self.scores[name]), labels)


def compare_source(
    checkpoint: Checkpoint,
    model: VAE,
    choice: NormalChoice,
    names: Iterable[str],
    source: Source,
    outliers: tuple[str, ...] = (),
    on_progress: OnProgress = lambda name, done, total: None,
) -> SourceComparison:
    """Fit every named score to normal images of the train split, score the source's images, and judge them.

    What is an outlier is known as in `streaming.judged`. `on_progress(name, done, total)` is told of FORWARD, of each
    score's name while it is fitted, and of SCORING; it may raise to stop. Raises as `compare.compare`, and ScoreError
    where no image of the source can be read.
    """
    scores = compare.ordered(names)
    fitted_to = normal_images.reference(checkpoint, choice)
    splits = (fitted_to.images, normal_images.held_out(checkpoint, choice).images)
    (known, calibrating), _ = compare.seen(checkpoint, model, splits, on_progress)
    fitted, failed = [], {}
    for score in scores:
        try:
            on_progress(score.name, 0, len(calibrating))
            state = score.fit(known, model)
            report = functools.partial(on_progress, score.name)
            fitted.append(_Fitted(score, state, compare.scored(score, model, calibrating, state, report)))
        except ScoreError as error:
            failed[score.name] = str(error)
    if not fitted:
        raise ScoreError(next(iter(failed.values())))
    gone = _gone(checkpoint, model, source, fitted, on_progress)
    if not gone.count:
        raise ScoreError(f"None of the {source.total:,} files can be read.", "Nothing can be compared.")

    @functools.cache
    def normal_ones() -> tuple[Source, _Gone]:
        others = streaming.normal_test_images(checkpoint, choice)
        return others, _gone(checkpoint, model, others, fitted, on_progress)

    def beside(name: str) -> Beside:
        others, seen = normal_ones()
        found = seen.labelled(name).scores
        return Beside(found, streaming.beside_note(others, len(found)))

    judged: dict[str, Evaluation | str] = {
        one.score.name: streaming.judged(
            checkpoint,
            choice,
            source,
            gone.labelled(one.score.name),
            functools.partial(beside, one.score.name),
            outliers,
        )
        for one in fitted
    }
    comparison = Comparison(
        choice,
        NormalReference(fitted_to.rows, known.mu, known.sigma),
        scores=in_order({name: np.concatenate(parts) for name, parts in gone.scores.items()}),
        held_out=in_order({one.score.name: one.held_out for one in fitted}),
        evaluations=in_order({name: found for name, found in judged.items() if not isinstance(found, str)}),
        seconds=in_order(gone.seconds),
        pass_seconds=gone.pass_seconds,
        why_not=next((found for found in judged.values() if isinstance(found, str)), ""),
        failed=failed,
    )
    return SourceComparison(comparison, gone.tally)


def _gone(checkpoint: Checkpoint, model: VAE, source: Source, fitted: list[_Fitted], on_progress: OnProgress) -> _Gone:
    """All images of the source, each seen once and scored by every score."""
    from vae.anomalies.forward_pass import passes

    names = [one.score.name for one in fitted]
    gone, done = _Gone({name: [] for name in names}, source.tally(), seconds=dict.fromkeys(names, 0.0)), 0
    for chunk in source.read():
        began = time.perf_counter()
        batch = passes(model, chunk.pixels, compare.binarized(checkpoint))
        gone.pass_seconds += time.perf_counter() - began
        for one in fitted:
            began = time.perf_counter()
            gone.scores[one.score.name].append(one.score.score(batch, one.state, model))
            gone.seconds[one.score.name] += time.perf_counter() - began
        gone.labels += [] if chunk.labels is None else [chunk.labels]
        gone.tally.add(chunk.pixels, chunk.facts, chunk.labels)
        for skipped in chunk.skipped:
            gone.tally.leave_out(f"can't be read: {skipped.why}", skipped.name)
        done += len(chunk.names) + len(chunk.skipped)
        on_progress(SCORING, done, source.total)
    return gone
