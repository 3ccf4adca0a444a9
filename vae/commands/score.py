"""Score images for how anomalous they are, and decide, as a .csv file."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vae.anomalies import csv_report, detector_files, detectors, judging, normal_images, streaming
from vae.anomalies.detectors import Decisions, Detector
from vae.anomalies.evaluation.metrics import Evaluation, Interval
from vae.anomalies.methods import registry
from vae.anomalies.normal_images import NormalChoice
from vae.anomalies.sources import Chunk, Source
from vae.anomalies.streaming import Tally
from vae.anomalies.thresholds import Rule
from vae.budget import limits, needs
from vae.checkpoints.checkpoint import Checkpoint
from vae.commands.common import (
    add_checkpoint,
    add_json,
    add_normal,
    add_run_folder,
    add_source,
    check_source,
    new_file,
    normal_choice,
    note,
    outlier_classes,
    print_json,
    read_checkpoint,
    shown,
    source_of,
)
from vae.errors import ConfigError, ScoreError
from vae.jobs.progress import Progress
from vae.jobs.stopping import Stopped, stoppable, unstoppable

if TYPE_CHECKING:
    from vae.model.vae import VAE

STOPPED = "It was stopped before that."
RULES = ("threshold", "contamination", "false_alarms")
MEASURES: dict[str, tuple[str, Callable[[Evaluation], Interval]]] = {
    "AUROC": ("auroc", lambda evaluation: evaluation.auroc),
    "AUPRC": ("auprc", lambda evaluation: evaluation.auprc),
    "FPR at 95 % recall": ("fpr95", lambda evaluation: evaluation.fpr95),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """CHECKPOINT, what to score, with which detector or score, the threshold, --keep --output --json."""
    add_checkpoint(parser)
    add_source(parser)
    parser.add_argument("--detector", metavar="NAME", help="one that was kept, instead of fitting a score")
    parser.add_argument("--score", metavar="NAME", help=f"one of {', '.join(registry.SCORES)}")
    add_normal(parser)
    rule = parser.add_mutually_exclusive_group()
    rule.add_argument("--threshold", type=float, metavar="X", help="a score above X is an anomaly")
    rule.add_argument("--contamination", type=float, metavar="SHARE", help="flag this share of the images scored")
    rule.add_argument(
        "--false-alarms",
        type=float,
        metavar="SHARE",
        help="flag at most this share of new normal images, on average (default: 0.05)",
    )
    parser.add_argument("--keep", metavar="NAME", help="keep the detector under this name, which none has yet")
    parser.add_argument("--output", type=Path, default=Path("scores.csv"), help="(default: scores.csv)")
    add_json(parser)
    add_run_folder(parser)


@dataclass(frozen=True)
class _Done:
    """What one run did."""

    checkpoint: Checkpoint
    source: Source
    detector: Detector
    tally: Tally
    output: Path
    kept: Path | None
    evaluation: Evaluation | str


def run(arguments: argparse.Namespace) -> None:
    """Fit or read a detector, score chunk by chunk, write, and say what was found."""
    output, rule = new_file(arguments.output, ".csv"), _rule(arguments)
    check_source(arguments)
    _check(arguments)
    checkpoint = read_checkpoint(arguments.checkpoint)
    if arguments.keep is not None:
        detector_files.check_free(checkpoint.identity, arguments.keep)
    kept = detector_files.read(checkpoint, arguments.detector) if arguments.detector is not None else None
    source = source_of(arguments, checkpoint)
    tally = Tally(source.tally())
    choice = kept.choice if kept else normal_choice(checkpoint, arguments.normal, source.class_names)
    outliers = outlier_classes(arguments.outliers, source)
    score = arguments.score or registry.DEFAULT
    late = rule is not None and rule.kind == "contamination"  # that threshold depends on every score
    note(_note(checkpoint, kept.score, kept.classes) if kept else _note(checkpoint, score, choice.classes))
    by_pixels = (kept.score if kept else score) in registry.BASELINES
    need = needs.scoring_by_components if by_pixels else needs.scoring
    limits.check_memory(need(checkpoint.model), "Scoring")
    limits.check_disk({output: needs.scores_bytes(source.total)}, "The table of scores")
    from vae.checkpoints import loading
    from vae.model.devices import best_device

    model = loading.load_model(checkpoint, best_device())
    progress = Progress(arguments.run_folder)
    with stoppable(), contextlib.closing(progress):  # the bar ends before an error is told
        if kept:
            detector = detectors.with_rule(kept, rule) if rule and not late else kept
        else:
            detector = _fitted(checkpoint, model, score, choice, None if late else rule, progress)
        progress.stage(f"scoring {source.title}", "images")
        chunks: Iterable[tuple[Chunk, Decisions]]
        chunks = streaming.scored(source, detector, model, tally, progress.update)
        if rule and late:
            chunks = list(chunks)  # names and numbers, no pixels
            detector = detectors.with_rule(detector, rule, np.concatenate(tally.scores))
        columns = csv_report.Columns(row=source.has_rows, label=bool(source.class_names))
        csv_report.write(output, streaming.rows(chunks, detector, source, tally), columns)
        progress.close()
        with unstoppable():
            path, problem = None, None
            if arguments.keep is not None:
                detector = dataclasses.replace(detector, name=arguments.keep)
                path, problem = _kept(detector)
        progress.stage("judging", "images")
        evaluation = _unless_stopped(
            lambda: streaming.evaluated(checkpoint, detector, model, source, tally, outliers, progress.update)
        )
        progress.close()
        progress.report(stage="done", fraction=1.0, finished=problem is None)
    note(detectors.equal_note(detector))
    _tell(_Done(checkpoint, source, detector, tally, output, path, evaluation), arguments.json)
    if problem:
        raise ScoreError(f"The scores are written, but the detector is not kept: {problem.message}", problem.hint)


def _unless_stopped(judge: Callable[[], Evaluation | str]) -> Evaluation | str:
    """A stop ends judging alone: the scores are written."""
    try:
        return judge()
    except Stopped:
        return STOPPED


def _rule(arguments: argparse.Namespace) -> Rule | None:
    given = [Rule(kind, getattr(arguments, kind)) for kind in RULES if getattr(arguments, kind) is not None]
    return given[0] if given else None


def _check(arguments: argparse.Namespace) -> None:
    if arguments.detector is not None and (arguments.score is not None or arguments.normal is not None):
        raise ConfigError("--detector has its own score and normal images.", "Leave out --score and --normal.")
    if arguments.score is not None:
        registry.get(arguments.score)
    if arguments.keep is not None:
        detectors.check_name(arguments.keep)


def _note(checkpoint: Checkpoint, score: str, normal_classes: tuple[str, ...]) -> str:
    return normal_images.training_note(checkpoint, NormalChoice(normal_classes), [score])


def _fitted(
    checkpoint: Checkpoint, model: VAE, score: str, choice: NormalChoice, rule: Rule | None, progress: Progress
) -> Detector:
    progress.stage("fitting to normal images", "images")
    return detectors.fit_to_dataset(
        checkpoint, model, score, choice, rule or detectors.DEFAULT_RULE, on_batch=progress.update
    )


def _kept(detector: Detector) -> tuple[Path | None, ScoreError | None]:
    """Where it was kept, or why it can't be: what was found is told all the same."""
    try:
        return detector_files.save(detector), None
    except ScoreError as error:
        return None, error


def _tell(done: _Done, as_json: bool) -> None:
    evaluation = done.evaluation
    if as_json:
        print_json(_values(done) | _measures(evaluation))
        return
    detector, tally = done.detector, done.tally
    print(f"Wrote {tally.count:,} scores of {done.source.title} to {shown(done.output)}.")
    print(f"Score: {registry.get(detector.score).title}. Normal: {detector.normal}.")
    print(f"Flagged {tally.flagged:,} ({tally.flagged / tally.count:.1%}), above {detector.threshold:g}.")
    print(f"Threshold: {detector.chosen}.")
    for line in done.source.report(tally.files).lines():
        print(line)
    if done.kept:
        print(f"Kept the detector {detector.name!r}: {shown(done.kept)}")
    if isinstance(evaluation, str):
        how = "" if evaluation in (STOPPED, *judging.USED.values()) else " --normal and --outliers name classes."
        print(f"Not judged: {evaluation}{how}")
        return
    for title, (_, of) in MEASURES.items():
        print(f"{title:22} {of(evaluation).value:.4f} ({of(evaluation).low:.4f} to {of(evaluation).high:.4f})")
    print(f"{evaluation.protocol}.")


def _values(done: _Done) -> dict[str, Any]:
    detector, tally = done.detector, done.tally
    return {
        "checkpoint": done.checkpoint.name,
        "source": done.source.title,
        "output": str(done.output),
        "detector": detector.name,
        "score": detector.score,
        "threshold": detector.threshold,
        "chosen": detector.chosen,
        "held_out": detector.held_out,
        "true_false_alarms": dataclasses.asdict(detectors.true_false_alarms(detector)),
        "normal": detector.normal,
        "note": " ".join(
            filter(None, (_note(done.checkpoint, detector.score, detector.classes), detectors.equal_note(detector)))
        ),
        "scored": tally.count,
        "flagged": tally.flagged,
        "skipped": tally.files.left_out,
        "images": dataclasses.asdict(done.source.report(tally.files)),
        "kept": str(done.kept) if done.kept else None,
    }


def _measures(evaluation: Evaluation | str) -> dict[str, Any]:
    if isinstance(evaluation, str):
        return {"not_judged": evaluation}
    measures = {key: dataclasses.asdict(of(evaluation)) for key, of in MEASURES.values()}
    return measures | {"protocol": evaluation.protocol}
