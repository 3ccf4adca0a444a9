"""Measure a checkpoint on a split of its data set."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from vae.budget import limits, needs
from vae.commands.common import add_checkpoint, add_json, print_json, read_checkpoint
from vae.data import datasets
from vae.data.image_dataset import SPLITS
from vae.jobs.progress import Progress
from vae.training.diagnostics.in_words import verdict_line
from vae.training.diagnostics.measured import evidence_on
from vae.training.diagnostics.verdict import judge


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """CHECKPOINT --split --json."""
    add_checkpoint(parser)
    parser.add_argument("--split", default="test", choices=SPLITS, help="(default: test)")
    add_json(parser)


def run(arguments: argparse.Namespace) -> None:
    """Encode the split anew and print each metric with its protocol, and what they mean together."""
    checkpoint = read_checkpoint(arguments.checkpoint)
    images = datasets.load(checkpoint.dataset.name, arguments.split)
    trained_on = datasets.load(checkpoint.dataset.name, "train").only(checkpoint.train.classes)
    limits.check_memory(needs.encoding(checkpoint.model, len(images)), "Encoding")
    from vae.checkpoints import inference, loading
    from vae.checkpoints.baseline import pixel_moments
    from vae.checkpoints.metrics import measured_by, metrics_of
    from vae.model.devices import best_device

    model = loading.load_model(checkpoint, best_device())
    progress = Progress(None)
    progress.stage(f"encoding {arguments.split} images", "images")
    measured = measured_by(checkpoint.model, checkpoint.train)
    encoded = inference.encode(
        model, images.images, images.labels, binarized=measured.binarized, on_batch=progress.update
    )
    yardstick = pixel_moments(trained_on.images).yardstick(pixel_moments(images.images), measured)
    bound = inference.bound_of(model, images.images, checkpoint.train, measured.binarized)
    progress.close()
    metrics = metrics_of(encoded, checkpoint.dataset.title, measured, arguments.split, yardstick, bound)
    # what it learned by heart says nothing of other images: for them the stored numbers count
    verdict = judge(evidence_on(checkpoint, None if arguments.split == "train" else metrics))
    if arguments.json:
        values = {name: asdict(metric) for name, metric in metrics.items()}
        about = {"checkpoint": checkpoint.name, "identity": checkpoint.identity}
        print_json(about | {"metrics": values, "verdict": asdict(verdict)})
        return
    for name, metric in metrics.items():
        print(f"{name:16} {metric.value:12.4f} {metric.unit}\n{'':16} {metric.protocol}")
    print(verdict_line(verdict))
