"""Train a VAE and write it as a checkpoint.

Ctrl-C, or a job's stop, keeps the last finished epoch.
"""

from __future__ import annotations

import argparse
import shlex
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vae import datasets, paths, store
from vae.commands.common import add_run_folder
from vae.config import (
    ACTIVATIONS,
    ARCHITECTURES,
    LIKELIHOODS,
    ModelConfig,
    TrainConfig,
    check_together,
    default_model_config,
)
from vae.errors import CheckpointError, ConfigError, TrainingError
from vae.progress import Progress, Stopped, deferring, stoppable, unstoppable
from vae.records import DatasetRef, FloatArray, Metric, NewCheckpoint, ProjectionMap

if TYPE_CHECKING:
    from vae.training import EpochReport


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Everything a ModelConfig and a TrainConfig hold; unset ones stay None and get the configs' defaults."""
    add_model_arguments(parser)
    add_training_arguments(parser)
    parser.add_argument(
        "--output", help="name below checkpoints/, or a path (default: DATASET-ARCHITECTURE-LATENT_DIM)"
    )
    add_run_folder(parser)


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """What a ModelConfig holds."""
    parser.add_argument("--dataset", default="digits", help=f"{' or '.join(datasets.names())} (default: digits)")
    parser.add_argument("--architecture", default="mlp", help=f"{' or '.join(ARCHITECTURES)} (default: mlp)")
    parser.add_argument("--latent-dim", type=int, default=2, help="latent dimensions, 1 to 128 (default: 2)")
    parser.add_argument("--hidden", type=int, nargs="*", help="widths of the fully connected layers, image side first")
    parser.add_argument("--channels", type=int, nargs="*", help="channels of the strided convolutions (conv)")
    parser.add_argument(
        "--activation", choices=ACTIVATIONS, help="between the layers (default: relu for mlp, silu for conv)"
    )
    parser.add_argument("--likelihood", choices=LIKELIHOODS, default="bernoulli", help="p(x|z) (default: bernoulli)")


TRAINING_HELP = {
    "epochs": "passes over the training images",
    "batch_size": "images in one gradient step",
    "learning_rate": "of Adam, the peak of its schedule",
    "beta": "weight of the KL term; 1 is the ELBO",
    "seed": "of weights, order and noise",
    "objective": "elbo, iwae (importance-weighted bound) or autoencoder (no KL)",
    "importance_samples": "k of --objective iwae",
    "kl_schedule": "constant, linear (see --kl-warmup) or cyclical (see --kl-cycles)",
    "kl_warmup": "epochs over which a linear schedule raises the KL weight",
    "kl_cycles": "times that a cyclical schedule raises it anew",
    "free_bits": "nats per dimension that cost nothing",
    "binarization": "none, or dynamic: pixels drawn anew as 0 or 1",
    "lr_schedule": "one_cycle, cosine or constant",
    "patience": "stop after so many epochs without improvement and restore the best; 0 never",
    "max_grad_norm": "longer gradients are scaled down to this; 0 never",
    "precision": "auto, float32 or bfloat16",
}


def add_training_arguments(parser: argparse.ArgumentParser) -> None:
    """What a TrainConfig holds, but for the data set."""
    for setting in fields(TrainConfig):
        if setting.name in TRAINING_HELP:
            explanation = f"{TRAINING_HELP[setting.name]} (default: {setting.default})"
            kind = type(setting.default)
            parser.add_argument(
                f"--{setting.name.replace('_', '-')}", type=kind, default=setting.default, help=explanation
            )


def run(arguments: argparse.Namespace) -> None:
    """Check everything that can be checked, then train, encode, map and write."""
    plan = _plan(arguments)
    progress = Progress(arguments.run_folder)
    try:
        with stoppable():
            train(plan, progress)
    finally:
        progress.close()


@dataclass(frozen=True)
class Plan:
    """One training run, checked."""

    model: ModelConfig
    train: TrainConfig
    destination: Path
    command: str


def _plan(a: argparse.Namespace) -> Plan:
    known = datasets.info(a.dataset)
    hidden = None if a.hidden is None else tuple(a.hidden)
    channels = None if a.channels is None else tuple(a.channels)
    model = default_model_config(
        a.architecture, known.image_shape, a.latent_dim, hidden, channels, a.activation, a.likelihood
    )
    config = TrainConfig(a.dataset, **{name: getattr(a, name) for name in TRAINING_HELP})
    check_together(model, config)
    output = a.output or f"{a.dataset}-{a.architecture}-{a.latent_dim}"
    if Path(output).name == output:
        destination = store.checkpoint_path(output)
    else:
        destination = store.checkpoint_path(Path(output).name, Path(output).resolve().parent)
    if destination.exists():
        raise CheckpointError(f"{destination} already exists.", "Give another --output, or delete it first.")
    return Plan(model, config, destination, _command(model, config, destination))


def _command(model: ModelConfig, config: TrainConfig, destination: Path) -> str:
    """The command line that repeats this run."""
    output = destination.name if destination.parent == paths.checkpoints_dir() else str(destination)
    return shlex.join(["python", "-m", "vae", *command_words(model, config, output)])


def command_words(model: ModelConfig, config: TrainConfig, output: str) -> list[str]:
    """What follows `python -m vae`, every setting written out."""
    words: list[Any] = ["train", "--dataset", config.dataset]
    words += ["--architecture", model.architecture, "--latent-dim", model.latent_dim]
    if model.hidden or model.architecture == "conv":
        words += ["--hidden", *model.hidden]
    if model.channels:
        words += ["--channels", *model.channels]
    words += ["--activation", model.activation, "--likelihood", model.likelihood]
    for name in TRAINING_HELP:
        words += [f"--{name.replace('_', '-')}", getattr(config, name)]
    return [str(word) for word in [*words, "--output", output]]


@dataclass
class Finished:
    """The last finished epoch: what a stop keeps."""

    history: list[dict[str, float]]
    weights: dict[str, FloatArray]


def train(plan: Plan, progress: Progress) -> None:
    """Train by `plan` and write the checkpoint. Raises Stopped when stopped before the first epoch was finished."""
    from vae import loading, training
    from vae.devices import best_device
    from vae.model import new_model

    progress.stage("reading images")
    splits = {name: datasets.load(plan.train.dataset, name) for name in datasets.SPLITS}
    model = new_model(plan.model, plan.train.seed)
    finished: Finished | None = None
    stopped = False
    progress.tell(epochs=plan.train.epochs, history=[], checkpoint=plan.destination.name)
    progress.stage("training", "batches")
    try:
        history: list[dict[str, float]] = []
        for report in training.train(
            model, splits["train"].images, splits["validation"].images, plan.train, best_device(), progress.update
        ):
            history = [*history, history_row(report)]
            finished = Finished(history, loading.weights_of(model))
            progress.note(epoch=report.epoch, history=history)
    except Stopped:
        stopped = True
    except TrainingError as error:
        if finished is None:
            raise
        stopped = True
        progress.tell(warning=str(error))
    if finished is None:
        progress.tell(message="Stopped before the first epoch was finished; nothing was kept.")
        raise Stopped
    _write(plan, finished, splits["test"], stopped, progress)


def history_row(report: EpochReport) -> dict[str, float]:
    """One row of history.csv: nats per image, seconds, images per second."""
    row: dict[str, float] = {"epoch": report.epoch}
    for name, terms in (("train", report.train), ("validation", report.validation)):
        row |= {f"{name}_elbo": terms.elbo, f"{name}_log_likelihood": terms.log_likelihood, f"{name}_kl": terms.kl}
    row |= {f"kl_{i}": kl for i, kl in enumerate(report.validation.kl_per_dim)}
    return row | {"images_per_second": report.images_per_second, "seconds": report.seconds}


def _write(plan: Plan, finished: Finished, test: datasets.ImageDataset, stopped: bool, progress: Progress) -> None:
    with deferring() as asked:  # a stop that arrives here must not throw away the epochs
        from vae import evaluation, latents, loading
        from vae.projections import pca

        model = loading.model_from(plan.model, finished.weights)
        progress.stage("encoding test images", "images")
        encoded = latents.encode(model, test.images, test.labels, on_batch=progress.update)
        progress.stage("PCA map")
        maps = [pca.fit(encoded.mu)]
    if not stopped and not asked.is_set():
        maps += _tsne(encoded.mu, progress)
    with unstoppable():
        known = datasets.info(plan.train.dataset)
        epochs = len(finished.history)
        metrics = evaluation.metrics(encoded, known.title)
        metrics["epochs_trained"] = Metric(epochs, "epochs", f"of {plan.train.epochs} asked for")
        new = NewCheckpoint(
            model=plan.model,
            train=plan.train,
            dataset=DatasetRef(test.name, known.title, test.image_shape, test.class_names, test.fingerprint),
            command=plan.command,
            weights=finished.weights,
            latents=encoded,
            maps=maps,
            metrics=metrics,
            history=finished.history,
        )
        store.write(new, plan.destination)
        what = f"Stopped: kept epoch {epochs} of {plan.train.epochs}" if stopped else f"Trained {epochs} epochs"
        loss = f"test loss {metrics['test_loss'].value:.2f} nats per image"
        message = f"{what} in {plan.destination} ({loss})."
        progress.tell(stage="done", fraction=1.0, seconds_left=0, finished=True, message=message)
        progress.close()
        print(message)


def _tsne(mu: FloatArray, progress: Progress) -> list[ProjectionMap]:
    """The t-SNE map, or none where there are too few images or the person stops it."""
    try:
        from vae.projections import tsne

        progress.stage("t-SNE map", "iterations")
        return [tsne.fit(mu, on_step=progress.update)]
    except (Stopped, ConfigError) as error:
        progress.tell(warning=f"No t-SNE map: {str(error) or 'stopped'}. `python -m vae map` makes it later.")
        return []
