"""What a training job was asked for, read from its command line."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import streamlit as st

from vae import datasets
from vae.commands import train as train_command
from vae.config import ModelConfig, TrainConfig, default_model_config
from vae.errors import VAEError
from vae.jobs import Job


@dataclass(frozen=True)
class RunSettings:
    """The model and the training of a run."""

    model: ModelConfig
    train: TrainConfig


def of(job: Job) -> RunSettings | None:
    """The settings of a training job, or None where its command line can't be read (any more)."""
    return _parsed(job.arguments)


class _RefusedError(Exception):
    """The command line is not one of this program's."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        raise _RefusedError(message)


@st.cache_resource(max_entries=64, show_spinner=False)
def _parsed(arguments: tuple[str, ...]) -> RunSettings | None:
    parser = _Parser(add_help=False)
    train_command.add_arguments(parser)
    try:
        a = parser.parse_args(arguments[1:])
        widths = {name: tuple(value) for name in ("hidden", "channels") if (value := getattr(a, name)) is not None}
        shape = datasets.info(a.dataset).image_shape
        model = default_model_config(
            a.architecture, shape, a.latent_dim, activation=a.activation, likelihood=a.likelihood, **widths
        )
        train = TrainConfig(a.dataset, **{name: getattr(a, name) for name in train_command.TRAINING_HELP})
    except (_RefusedError, VAEError, argparse.ArgumentError):
        return None
    return RunSettings(model, train)
