"""What a training job was asked for, read from its command line."""

from __future__ import annotations

import argparse

import streamlit as st

from vae.commands import train as train_command
from vae.errors import VAEError
from vae.jobs.queue import Job
from vae.training.request import Configs


def of(job: Job) -> Configs | None:
    """The settings of a training job, or None where its command line can't be read (any more)."""
    return _parsed(job.arguments)


class _RefusedError(Exception):
    """The command line is not one of this program's."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        raise _RefusedError(message)


@st.cache_resource(max_entries=64, show_spinner=False)
def _parsed(arguments: tuple[str, ...]) -> Configs | None:
    parser = _Parser(add_help=False)
    train_command.add_arguments(parser)
    try:
        return train_command.read_configs(parser.parse_args(arguments[1:]))
    except (_RefusedError, VAEError, argparse.ArgumentError):
        return None
