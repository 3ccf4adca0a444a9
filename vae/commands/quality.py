"""Measure how good a checkpoint's samples are, on MNIST and digits."""

from __future__ import annotations

import argparse
from pathlib import Path

from vae.budget import limits, needs
from vae.checkpoints.checkpoint import Checkpoint
from vae.commands.common import add_checkpoint, add_json, add_run_folder, print_json, read_checkpoint, shown
from vae.errors import CheckpointError
from vae.generation import posterior_files
from vae.jobs.progress import Progress
from vae.jobs.stopping import stoppable, unstoppable
from vae.sample_quality import quality_files, shipped
from vae.sample_quality.quality_files import ROWS, Quality, QualityRow

HEADS = (
    "Fréchet distance",
    "precision",
    "recall",
    "density",
    "coverage",
    "classes seen",
    "KL of classes",
    "sure",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """CHECKPOINT --number --seed --json."""
    add_checkpoint(parser)
    parser.add_argument("--number", type=int, default=10_000, help="samples each of prior and mixture (default: 10000)")
    parser.add_argument("--seed", type=int, default=0, help="of samples, and of the training images (default: 0)")
    add_json(parser)
    add_run_folder(parser)


def run(arguments: argparse.Namespace) -> None:
    """Measure, keep in derived/, and print a table with the protocols."""
    checkpoint = read_checkpoint(arguments.checkpoint)
    shipped.check_measurable(checkpoint.dataset.name)
    from vae.sample_quality import measure, training_latents  # torch

    measure.check(checkpoint, arguments.number, arguments.seed)
    limits.check_memory(needs.measuring(checkpoint.model, arguments.number), "Measuring the samples", "Ask for fewer.")
    progress = Progress(arguments.run_folder)
    with stoppable():
        if posterior_files.kept(checkpoint) is None:
            progress.stage("training images for the mixture", "images")
            training_latents.keep(checkpoint, progress.update)
        progress.stage(f"sample quality of {checkpoint.name}", "images")
        quality = measure.measure(checkpoint, arguments.number, arguments.seed, progress.update)
        progress.close()
        with unstoppable():
            path, problem = _kept(quality)
            progress.report(stage="done", fraction=1.0, finished=problem is None)
    if arguments.json:
        print_json({"checkpoint": checkpoint.name, "path": str(path) if path else None, **quality.to_dict()})
    else:
        print(*([f"Wrote {shown(path)}"] if path else []), table(checkpoint, quality), sep="\n", flush=True)
    if problem:
        raise CheckpointError(f"The numbers are printed, but not kept: {problem.message}", problem.hint)


def _kept(quality: Quality) -> tuple[Path | None, CheckpointError | None]:
    """Where it was kept, or why it can't be: what took a minute to measure is printed all the same."""
    try:
        return quality_files.write(quality), None
    except CheckpointError as error:
        return None, error


def table(checkpoint: Checkpoint, quality: Quality) -> str:
    """One line for each set of images, then how each number is measured."""
    widths = [max(len(head), 9) for head in HEADS]
    lines = [" ".join([f"{checkpoint.name:31}", *(f"{h:>{w}}" for h, w in zip(HEADS, widths, strict=True))])]
    for row in quality.rows:
        cells = _cells(row, len(checkpoint.dataset.class_names))
        lines.append(" ".join([f"{ROWS[row.kind]:31}", *(f"{c:>{w}}" for c, w in zip(cells, widths, strict=True))]))
    texts = zip(HEADS, (quality.protocols[name] for name in quality_files.UNITS), strict=True)
    return "\n".join([*lines, "", quality.about, *(f"{head}: {text}." for head, text in texts)])


def _cells(row: QualityRow, classes: int) -> list[str]:
    return [
        f"{row.distance:.3f}",
        f"{row.precision:.3f}",
        f"{row.recall:.3f}",
        _measured(row.density),
        _measured(row.coverage),
        f"{row.classes_seen} of {classes}",
        f"{row.divergence:.4f}",
        f"{row.sure:.3f}",
    ]


def _measured(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
