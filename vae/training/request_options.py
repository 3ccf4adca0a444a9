"""A training request as options of a command line."""

from __future__ import annotations

import argparse
from dataclasses import fields
from typing import Any

from vae.config import ACTIVATIONS, ARCHITECTURES, LIKELIHOODS, ModelConfig, TrainConfig, default_model_config
from vae.data import datasets
from vae.data.traits import traits
from vae.training.naming import name_of
from vae.training.request import TrainingRequest
from vae.training.suggested import suggest

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
    "kl_cycles": "how many times a cyclical schedule raises it again",
    "free_bits": "nats per dimension that cost nothing",
    "binarization": "none, or dynamic: pixels drawn as 0 or 1, new ones each time",
    "lr_schedule": "one_cycle, cosine or constant",
    "patience": "epochs without improvement after which it stops once the rate is low, keeping the best; 0 never",
    "max_grad_norm": "longer gradients are scaled down to this; 0 never",
    "precision": "auto, float32 or bfloat16",
}


TRAINING_DEFAULTS = {setting.name: setting.default for setting in fields(TrainConfig) if setting.name in TRAINING_HELP}
FOLLOWS = ("epochs", "batch_size", "learning_rate", "patience")  # the data set, where they are not given
SUITS = "default: what suits the images, told at the start"


def add_options(parser: argparse.ArgumentParser) -> None:
    """What a ModelConfig and a TrainConfig hold; what follows the data set or the model stays None where unset."""
    parser.add_argument(
        "--dataset",
        default="digits",
        help=f"{' or '.join(datasets.names())}, or images of your own once `python -m vae import NAME FOLDER` has "
        "read them (default: digits)",
    )
    parser.add_argument("--architecture", help=f"{' or '.join(ARCHITECTURES)} ({SUITS})")
    parser.add_argument("--latent-dim", type=int, help=f"latent dimensions, 1 to 128 ({SUITS})")
    parser.add_argument("--hidden", type=int, nargs="*", help="widths of the fully connected layers, image side first")
    parser.add_argument("--channels", type=int, nargs="*", help="channels of the strided convolutions (conv)")
    parser.add_argument(
        "--activation", choices=ACTIVATIONS, help="between the layers (default: relu for mlp, silu for conv)"
    )
    parser.add_argument("--likelihood", choices=LIKELIHOODS, help=f"p(x|z) ({SUITS})")
    for name, what in TRAINING_HELP.items():
        option, default = f"--{name.replace('_', '-')}", TRAINING_DEFAULTS[name]
        if name in FOLLOWS:
            parser.add_argument(option, type=type(default), help=f"{what} ({SUITS})")
        else:
            parser.add_argument(option, type=type(default), default=default, help=f"{what} (default: {default})")
    parser.add_argument(
        "--classes", nargs="+", action="extend", default=[], help="train on these classes' images only (default: all)"
    )


def add_output(parser: argparse.ArgumentParser) -> None:
    """Where the checkpoint goes."""
    parser.add_argument(
        "--output",
        help="name below checkpoints/, or a path (default: made of data set, architecture, latent dimensions, and β or "
        "objective)",
    )


def from_options(a: argparse.Namespace, output: str | None) -> TrainingRequest:
    """The request that the options describe; what is not given follows the data set.

    Raises ConfigError, DatasetError and CheckpointError.
    """
    given = {name: value for name, value in vars(a).items() if value is not None}
    if "hidden" in given:
        given["hidden"] = tuple(given["hidden"])
    chosen = suggest(traits(a.dataset, a.classes), given)
    values = given | {name: choice.value for name, choice in chosen.items()}
    reasons = {name: choice.why for name, choice in chosen.items()}
    model, train = _model(values), _training(values)
    return TrainingRequest(model, train, output or name_of(model, train), reasons)


def from_old_options(a: argparse.Namespace, output: str | None) -> TrainingRequest:
    """The request of a command line from before settings followed the data: what is not given was the same for all.

    Raises ConfigError, DatasetError and CheckpointError.
    """
    given = {name: value for name, value in vars(a).items() if value is not None}
    same = {"architecture": "mlp", "latent_dim": 2, "likelihood": "bernoulli"}
    values = TRAINING_DEFAULTS | same | given
    model = _model(values)
    name = output or f"{values['dataset']}-{model.architecture}-{model.latent_dim}"  # as it was made then
    return TrainingRequest(model, _training(values), name)


def _model(values: dict[str, Any]) -> ModelConfig:
    hidden, channels = values.get("hidden"), values.get("channels")
    return default_model_config(
        values["architecture"],
        datasets.info(values["dataset"]).image_shape,
        values["latent_dim"],
        None if hidden is None else tuple(hidden),
        None if channels is None else tuple(channels),
        values.get("activation"),
        values["likelihood"],
    )


def _training(values: dict[str, Any]) -> TrainConfig:
    settings = {name: values.get(name, default) for name, default in TRAINING_DEFAULTS.items()}
    return TrainConfig(values["dataset"], **settings, classes=tuple(values["classes"]))
