"""A training request as options of a command line."""

from __future__ import annotations

import argparse
from dataclasses import fields

from vae.config import ACTIVATIONS, ARCHITECTURES, LIKELIHOODS, TrainConfig, default_model_config
from vae.data import datasets
from vae.training.request import TrainingRequest

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


def add_options(parser: argparse.ArgumentParser) -> None:
    """What a ModelConfig and a TrainConfig hold; unset ones stay None and get the configs' defaults."""
    parser.add_argument("--dataset", default="digits", help=f"{' or '.join(datasets.names())} (default: digits)")
    parser.add_argument("--architecture", default="mlp", help=f"{' or '.join(ARCHITECTURES)} (default: mlp)")
    parser.add_argument("--latent-dim", type=int, default=2, help="latent dimensions, 1 to 128 (default: 2)")
    parser.add_argument("--hidden", type=int, nargs="*", help="widths of the fully connected layers, image side first")
    parser.add_argument("--channels", type=int, nargs="*", help="channels of the strided convolutions (conv)")
    parser.add_argument(
        "--activation", choices=ACTIVATIONS, help="between the layers (default: relu for mlp, silu for conv)"
    )
    parser.add_argument("--likelihood", choices=LIKELIHOODS, default="bernoulli", help="p(x|z) (default: bernoulli)")
    defaults = {setting.name: setting.default for setting in fields(TrainConfig)}
    for name, what in TRAINING_HELP.items():
        default = defaults[name]
        option, explained = f"--{name.replace('_', '-')}", f"{what} (default: {default})"
        parser.add_argument(option, type=type(default), default=default, help=explained)
    parser.add_argument(
        "--classes", nargs="+", action="extend", default=[], help="train on these classes' images only (default: all)"
    )


def add_output(parser: argparse.ArgumentParser) -> None:
    """Where the checkpoint goes."""
    parser.add_argument(
        "--output", help="name below checkpoints/, or a path (default: DATASET-ARCHITECTURE-LATENT_DIM)"
    )


def from_options(a: argparse.Namespace, output: str | None) -> TrainingRequest:
    """The request that the options describe. Raises ConfigError, DatasetError and CheckpointError."""
    hidden = None if a.hidden is None else tuple(a.hidden)
    channels = None if a.channels is None else tuple(a.channels)
    shape = datasets.info(a.dataset).image_shape
    model = default_model_config(a.architecture, shape, a.latent_dim, hidden, channels, a.activation, a.likelihood)
    train = TrainConfig(a.dataset, **{name: getattr(a, name) for name in TRAINING_HELP}, classes=tuple(a.classes))
    return TrainingRequest(model, train, output or f"{a.dataset}-{a.architecture}-{a.latent_dim}")
