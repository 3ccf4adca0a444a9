"""Train a VAE and write it as a checkpoint.

Ctrl-C, or a job's stop, keeps the last finished epoch.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields
from pathlib import Path
from typing import Any

from vae.checkpoints import checkpoint_files
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
from vae.data import datasets
from vae.errors import CheckpointError, ConfigError, JobError
from vae.jobs import queue, terminal_job
from vae.jobs.progress import RUNNER, Progress, obeying, stoppable
from vae.jobs.runner import only_one
from vae.storage import paths
from vae.training.request import Configs, Plan
from vae.training.run_folder import status


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Everything a ModelConfig and a TrainConfig hold; unset ones stay None and get the configs' defaults."""
    add_model_arguments(parser)
    add_training_arguments(parser)
    parser.add_argument(
        "--output", help="name below checkpoints/, or a path (default: DATASET-ARCHITECTURE-LATENT_DIM)"
    )
    parser.add_argument("--resume", metavar="RUN", help="go on with this interrupted run; other options are ignored")
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
    parser.add_argument("--classes", nargs="+", default=[], help="train on these classes' images only (default: all)")


def run(arguments: argparse.Namespace) -> None:
    """Check everything that can be checked, then train, encode, map and write; or go on with an interrupted run."""
    if arguments.resume:
        _run_in(queue.get(arguments.resume))
        return
    checked = plan(arguments)
    if arguments.run_folder:  # a job: its runner records how it ends
        _train(checked, arguments.run_folder)
        return
    if not _writes():
        _train(checked, paths.runs_dir())
        return
    words = command_words(checked.model, checked.train, _output(checked.destination))
    with terminal_job.begin("train", f"Train {checked.destination.name}", words) as folder:
        _train(checked, folder)


def _run_in(job: queue.Job) -> None:
    """Go on with `job` from its last finished epoch, in this terminal."""
    if _writes() and not status.resumable(job):
        raise JobError(f"Run {job.id} has nothing to go on with: {status.why_not(job)}.", "Start a new run.")
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_arguments(parser)
    checked = plan(parser.parse_args([*job.arguments[1:], "--run-folder", str(job.folder)]))
    if not _writes():
        _train(checked, job.folder)
        return
    with terminal_job.again(job) as folder:
        _train(checked, folder)


def _alone(folder: Path) -> AbstractContextManager[None]:
    """A runner may die and leave its command training: a second command must not train in the same folder."""
    return only_one(folder / "trainer.lock") if _writes() else nullcontext()


def _writes() -> bool:
    """Whether this is the process that writes: the only one, or torchrun's first."""
    return os.environ.get("RANK", "0") == "0"


def _train(checked: Plan, folder: Path) -> None:
    from vae.training.run import run_to_end

    folder.mkdir(parents=True, exist_ok=True)
    progress = Progress(folder if _writes() else None, quiet=not _writes() or bool(os.environ.get(RUNNER)))
    progress.tell(checkpoint=checked.destination.name)
    try:
        with stoppable(), obeying(folder / "stop"), _alone(folder):
            run_to_end(checked, progress, folder)
    except RuntimeError as error:  # torch.distributed's: the first process has ended, and tells why
        if _writes():
            raise
        print(f"Worker {os.environ['RANK']} ends: {' '.join(str(error).split())[:200]}", file=sys.stderr)
    finally:
        progress.close()


def read_configs(a: argparse.Namespace) -> Configs:
    """The configs that the options describe. Raises ConfigError and DatasetError."""
    hidden = None if a.hidden is None else tuple(a.hidden)
    channels = None if a.channels is None else tuple(a.channels)
    known = datasets.info(a.dataset)
    model = default_model_config(
        a.architecture, known.image_shape, a.latent_dim, hidden, channels, a.activation, a.likelihood
    )
    config = TrainConfig(a.dataset, **{name: getattr(a, name) for name in TRAINING_HELP}, classes=tuple(a.classes))
    check_together(model, config)
    if unknown := [name for name in config.classes if name not in known.class_names]:
        raise ConfigError(
            f"{known.title} has no class {unknown[0]!r:.60}.", f"Its classes: {', '.join(known.class_names[:20])}."
        )
    return Configs(model, config)


def plan(a: argparse.Namespace) -> Plan:
    """What the arguments ask for. Raises ConfigError, DatasetError or CheckpointError."""
    configs = read_configs(a)
    destination = _destination(a.output or f"{a.dataset}-{a.architecture}-{a.latent_dim}")
    if _writes():
        _check_free(destination, a.run_folder)
    checkpoint_files.check_writable(destination, replacing=status.written(a.run_folder) if a.run_folder else ())
    command = _command(configs.model, configs.train, destination)
    return Plan(configs.model, configs.train, destination, command)


def _destination(output: str) -> Path:
    if Path(output).name == output:
        return checkpoint_files.checkpoint_path(output)
    return checkpoint_files.checkpoint_path(Path(output).name, Path(output).resolve().parent)


def _check_free(destination: Path, run_folder: Path | None) -> None:
    """Raise CheckpointError when another run that has not ended will write there."""
    for job in queue.all_jobs():
        words = job.arguments
        if job.kind != "train" or job.state != "running" or job.folder == run_folder or "--output" not in words[:-1]:
            continue
        if _destination(words[words.index("--output") + 1]) == destination:
            raise CheckpointError(
                f"Run {job.id}, which has not ended, will write {destination}.", "Choose another name."
            )


def _command(model: ModelConfig, config: TrainConfig, destination: Path) -> str:
    """The command line that repeats this run."""
    return shlex.join(["python", "-m", "vae", *command_words(model, config, _output(destination))])


def _output(destination: Path) -> str:
    return destination.name if destination.parent == paths.checkpoints_dir() else str(destination)


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
    if config.classes:
        words += ["--classes", *config.classes]
    return [str(word) for word in [*words, "--output", output]]
