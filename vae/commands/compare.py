"""Score images, by default the test split, by every anomaly score and judge each."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
from dataclasses import asdict
from typing import Any

from vae.anomalies import normal_images
from vae.anomalies.evaluation import compare, compare_source, comparison, comparison_files
from vae.anomalies.evaluation.comparison import Comparison
from vae.anomalies.evaluation.metrics import Interval
from vae.anomalies.methods import registry
from vae.anomalies.normal_images import NormalChoice
from vae.anomalies.sources import Source
from vae.budget import limits, needs
from vae.checkpoints.checkpoint import Checkpoint
from vae.commands.common import (
    add_checkpoint,
    add_json,
    add_normal,
    add_run_folder,
    add_source,
    check_source,
    normal_choice,
    note,
    outlier_classes,
    print_json,
    read_checkpoint,
    source_of,
)
from vae.errors import ScoreError
from vae.jobs.progress import Progress
from vae.jobs.stopping import Stopped, stoppable, unstoppable
from vae.storage import paths
from vae.storage.printing import visible

ELSEWHERE = "Other images can be the outliers: --images DIR --outliers all, or --dataset NAME."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """CHECKPOINT, what to score, --normal --scores --json."""
    add_checkpoint(parser)
    add_source(parser)
    add_normal(parser)
    parser.add_argument(
        "--scores", nargs="+", metavar="NAME", help=f"of {', '.join(registry.SCORES)} (default: all but regret)"
    )
    add_json(parser)
    add_run_folder(parser)


def run(arguments: argparse.Namespace) -> None:
    """Compute, and print. Of the test split every score is kept in derived/ as soon as it is finished, and all that is
    known of this choice is printed.
    """
    check_source(arguments)
    checkpoint = read_checkpoint(arguments.checkpoint)
    source = None if _is_own_test_split(arguments, checkpoint) else source_of(arguments, checkpoint)
    choice = normal_choice(checkpoint, arguments.normal, source.class_names if source else ())
    names = list(dict.fromkeys(registry.get(name).name for name in arguments.scores or compare.default_names()))
    note(normal_images.training_note(checkpoint, choice, names))
    limits.check_memory(needs.scoring_by_components(checkpoint.model), "Comparing scores")
    if source is not None:
        _compare_source(arguments, checkpoint, choice, names, source)
        return
    room = needs.comparison_bytes(len(checkpoint.latents.mu), len(names))
    limits.check_disk({paths.derived_folder(checkpoint.identity): room}, "The comparison")
    run = _Run(checkpoint, choice, len(names), Progress(arguments.run_folder))
    with stoppable():
        try:
            run.compare(names)
        except Stopped:
            if run.together is None:
                raise
            run.stopped = True
        with unstoppable():
            run.progress.close()
            run.progress.report(stage="done", fraction=1.0, finished=not (run.stopped or run.problem))
            if run.stopped and not run.problem:
                run.progress.report(message=f"Stopped: {run.finished} of {len(names)} scores are finished and kept.")
    assert run.together is not None  # noqa: S101 - compare raises when no score could be computed
    if arguments.json:
        unkept = {"path": None} if run.problem else {}
        print_json(values(checkpoint, run.together) | {"stopped": run.stopped} | unkept)
    else:
        print(table(checkpoint, run.together, f"test split of {checkpoint.name}"), flush=True)
        if run.together.why_not:
            print(ELSEWHERE, flush=True)
    if run.stopped and not arguments.json:
        kept = "" if run.problem else ", and are kept"
        print(f"Stopped: {run.finished} of {len(names)} scores were finished{kept}.", flush=True)
    if run.problem:
        raise ScoreError(f"The numbers are printed, but not kept: {run.problem.message}", run.problem.hint)


def _is_own_test_split(arguments: argparse.Namespace, checkpoint: Checkpoint) -> bool:
    own = arguments.dataset in (None, checkpoint.dataset.name) and arguments.split in (None, "test")
    return arguments.images is None and own and arguments.outliers is None


def _compare_source(
    arguments: argparse.Namespace, checkpoint: Checkpoint, choice: NormalChoice, names: list[str], source: Source
) -> None:
    """Compare on images of elsewhere, and print; nothing is kept."""
    outliers = outlier_classes(arguments.outliers, source)
    progress = Progress(arguments.run_folder)
    progress.stage("reading images", "images")
    from vae.checkpoints import loading
    from vae.model.devices import best_device

    stage = ""

    def on_progress(name: str, done: int, total: int) -> None:
        nonlocal stage
        if name != stage:
            titles = {compare.FORWARD: "forward pass", compare_source.SCORING: f"scoring {source.title}"}
            progress.stage(titles.get(name) or f"fitting {registry.get(name).title}", "images")
        stage = name
        progress.update(done, total)

    with stoppable(), contextlib.closing(progress):
        model = loading.load_model(checkpoint, best_device())
        found = compare_source.compare_source(checkpoint, model, choice, names, source, outliers, on_progress)
        progress.close()
        progress.report(stage="done", fraction=1.0, finished=True)
    if arguments.json:
        print_json(values(checkpoint, found.comparison) | {"path": None, "stopped": False, "scored": source.title})
        return
    print(table(checkpoint, found.comparison, source.title))
    for line in source.report(found.tally).lines():
        print(line)


class _Run:
    """One comparison under way: what is known so far, by this run and those before, and where it is.

    `problem` is why the latest could not be kept; the scores go on, since they are printed all the same.
    """

    def __init__(self, checkpoint: Checkpoint, choice: NormalChoice, count: int, progress: Progress) -> None:
        self.checkpoint, self.choice, self.count, self.progress = checkpoint, choice, count, progress
        self.together: Comparison | None = None
        self.problem: ScoreError | None = None
        self.stopped = False
        self.finished = 0
        self._stage = ""

    def compare(self, names: list[str]) -> None:
        self.progress.stage("reading images", "images")
        from vae.checkpoints import loading
        from vae.model.devices import best_device

        model = loading.load_model(self.checkpoint, best_device())
        found = compare.compare(self.checkpoint, model, self.choice, names, self._on_progress, self._keep)
        if self.together is not None:
            self.together = dataclasses.replace(self.together, failed=found.failed)

    def _on_progress(self, name: str, done: int, total: int) -> None:
        if name != self._stage:
            self._stage = name
            self.progress.stage(self._title(name), "images")
        self.progress.update(done, total)

    def _title(self, name: str) -> str:
        if name == compare.FORWARD:
            return "forward pass"
        return f"{registry.get(name).title} ({self.finished + 1} of {self.count})"

    def _keep(self, found: Comparison) -> None:
        with unstoppable():
            try:
                self.together, self.problem = comparison_files.save(self.checkpoint, found), None
            except ScoreError as error:
                before = comparison_files.saved(self.checkpoint, self.choice)
                self.together, self.problem = comparison.merged(before, found), error
            self.finished = len(found.scores)
            self.progress.report(scores=list(found.scores))


def values(checkpoint: Checkpoint, found: Comparison) -> dict[str, Any]:
    """What --json prints."""
    speeds = found.images_per_second
    scores = {
        name: {
            "title": registry.get(name).title,
            "baseline": name in registry.BASELINES,
            "images_per_second": speeds[name],
            **(asdict(found.evaluations[name]) if name in found.evaluations else {}),
        }
        for name in found.scores
    }
    return {
        "checkpoint": checkpoint.name,
        "identity": checkpoint.identity,
        "path": str(comparison_files.path_of(checkpoint, found.choice)),
        "normal": found.choice.text(checkpoint),
        "classes": list(found.choice.classes),
        "scores": scores,
        "failed": found.failed,
        "winner": found.winner(),
        "baseline_wins": found.baseline_wins(),
        "note": normal_images.training_note(checkpoint, found.choice, found.scores),
        "reading": found.sentence() or found.why_not,
    }


def table(checkpoint: Checkpoint, found: Comparison, scored: str) -> str:
    """One line for each score of the images that were `scored`, in showing order, and what they come to."""
    speeds = found.images_per_second
    lines = [f"Normal: {found.choice.text(checkpoint)}; scored: {visible(scored)}"]
    lines += [f"{'score':22} {'AUROC':20} {'AUPRC':20} {'FPR at 95 % recall':20} {'images/s':>10}"]
    for name in found.scores:
        cells = 3 * ["–"]
        if evaluation := found.evaluations.get(name):
            cells = [_cell(interval) for interval in (evaluation.auroc, evaluation.auprc, evaluation.fpr95)]
        marked = f"{name} *" if name in registry.BASELINES else name
        lines.append(" ".join([f"{marked:22}", *(f"{cell:20}" for cell in cells), f"{speeds[name]:10,.0f}"]))
    lines += [f"{name}: {reason}" for name, reason in found.failed.items()]
    first = next(iter(found.evaluations.values()), None)
    speed = len(next(iter(found.scores.values()))) / max(found.pass_seconds, 1e-9)
    return "\n".join(
        [
            *lines,
            "",
            "* A baseline, which sees pixels only and needs no VAE. Images a second are from pixels to scores; for the "
            f"others that includes a forward pass ({speed:,.0f} images/s alone).",
            *([f"{first.protocol}."] if first else []),
            found.sentence(_called) or found.why_not,
        ]
    )


def _called(name: str) -> str:
    """A score in a sentence: as the list above calls it and --scores takes it, and by its title."""
    return f"{name} ({registry.get(name).title})"


def _cell(interval: Interval) -> str:
    return f"{interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]"
