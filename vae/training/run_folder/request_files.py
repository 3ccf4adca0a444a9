"""What a training run was asked for, in its run folder's request.json."""

from __future__ import annotations

import argparse
from functools import lru_cache
from pathlib import Path
from typing import NoReturn

from vae.errors import ConfigError, VAEError
from vae.jobs import queue
from vae.jobs.job import Job
from vae.storage import kinds, probe
from vae.storage.json_files import read_json
from vae.storage.probe import Stamp
from vae.training.request import TrainingRequest
from vae.training.request_options import add_options, add_output, from_old_options

FILE = "request.json"
LONGEST = 300  # characters of what is wrong with a file
CACHED = 1_024  # requests: the page reads those of all runs every two seconds


def submit(wanted: TrainingRequest) -> Job:
    """Train as a job. Raises JobError."""
    title = f"Train {wanted.destination.name}"
    return queue.submit("train", title, ["train"], lane="compute", files=files(wanted))


def files(wanted: TrainingRequest) -> dict[str, bytes]:
    """What a new run folder is given."""
    return {FILE: wanted.to_json()}


def read(job: Job) -> TrainingRequest:
    """What a job was asked for; its data set may be another by now. Raises VAEError."""
    path = job.folder / FILE
    if job.arguments[1:] and not probe.is_there(path):
        return _from_command_line(job.arguments)
    try:
        return _from_file(path, probe.stamp(path))
    except VAEError as error:
        raise ConfigError(f"{FILE} of run {job.id} can't be used: {error!s:.{LONGEST}}") from error


def read_or_none(job: Job) -> TrainingRequest | None:
    """What a job was asked for, None where that can't be read (any more)."""
    try:
        return read(job)
    except VAEError:
        return None


def output_of(job: Job) -> str:
    """The name or path of the model that a training job writes; empty where that can't be read."""
    if wanted := read_or_none(job):
        return wanted.output
    return dict(zip(job.arguments, job.arguments[1:], strict=False)).get("--output", "")


@lru_cache(maxsize=CACHED)
def _from_file(path: Path, stamp: Stamp | None) -> TrainingRequest:
    return TrainingRequest.from_json(read_json(path, kinds.REQUEST)[0])


# --- runs from before request.json: all settings stood in the command line of job.json --------------------------------


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message}.")


@lru_cache(maxsize=CACHED)
def _from_command_line(arguments: tuple[str, ...]) -> TrainingRequest:
    parser = _Parser(add_help=False)
    add_options(parser)
    add_output(parser)
    options = parser.parse_args(arguments[1:])
    return from_old_options(options, options.output)
