"""Measure how fast this machine trains a model: about a second of real gradient steps. Nothing is kept but the time."""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import platform
import time
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path

import psutil

from vae.commands.common import add_json, add_run_folder, print_json
from vae.commands.train import add_model_arguments, add_training_arguments, command_words, read_configs
from vae.config import ModelConfig, TrainConfig
from vae.data import datasets
from vae.errors import ConfigError
from vae.jobs import queue
from vae.jobs.progress import Progress, stoppable
from vae.storage import paths
from vae.storage.files import write_atomically
from vae.storage.reporting import write_errors_as
from vae.training.request import Configs

WARM_UP_STEPS = 3  # the first steps allocate memory and choose kernels
MEASURE_SECONDS, LONGEST_SECONDS = 1.0, 4.0  # the longest: when an epoch's end has not been seen until then
STEPS, VALIDATION_IMAGES = 8, 1_024  # of the trial's epochs, where the data set has more
FORWARD_SHARE = 1 / 3  # of a gradient step's time, where no epoch's end was seen
# what a step's time does not depend on has its usual value in a trial
MATTERS = ("dataset", "batch_size", "objective", "importance_samples", "binarization", "max_grad_norm", "precision")
FORMAT = 2


@dataclass(frozen=True)
class Trial:
    """How fast one kind of training is.

    start_seconds: from the start of the program to the first step, mostly loading PyTorch. measured: when, in seconds
    since 1970. shared: another job was computing at the time.
    """

    start_seconds: float
    seconds_per_epoch: float
    measured_seconds: float
    steps: int
    device: str
    shared: bool
    measured: float

    def seconds(self, epochs: int) -> float:
        """The time of so many epochs, from the start of the program."""
        return self.start_seconds + epochs * self.seconds_per_epoch


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `train`, but for --output; --json."""
    add_model_arguments(parser)
    add_training_arguments(parser)
    add_json(parser)
    add_run_folder(parser)


def run(arguments: argparse.Namespace) -> None:
    """Measure, keep the result in derived/trials/ and print it."""
    settings = read_configs(arguments)
    progress = Progress(arguments.run_folder, quiet=True)
    with stoppable():
        progress.stage("measuring")
        trial = measure(settings)
    _keep(trial, settings)
    progress.tell(stage="done", fraction=1.0, finished=True)
    if arguments.json:
        print_json({"epochs": settings.train.epochs, "seconds": trial.seconds(settings.train.epochs), **asdict(trial)})
        return
    epochs, per_epoch = settings.train.epochs, trial.seconds_per_epoch
    print(
        f"{per_epoch:.3g} s an epoch; {trial.seconds(epochs):.3g} s for {epochs:,} with the start, on {trial.device}."
    )
    print(
        f"Measured over {trial.steps:,} gradient steps in {trial.measured_seconds:.2g} s, with the validation passes."
    )
    if trial.shared:
        print("Another job was computing at the same time; alone it is faster.")


# --- results on disk --------------------------------------------------------------------------------------------------


def plain(train: TrainConfig) -> TrainConfig:
    """The same training, but for what its speed does not depend on: it can't diverge, and it does not stop early."""
    return TrainConfig(**{name: getattr(train, name) for name in MATTERS}, learning_rate=1e-4, lr_schedule="constant")


def words(model: ModelConfig, train: TrainConfig) -> list[str]:
    """What follows `python -m vae` to measure these settings."""
    return ["trial", *command_words(model, plain(train), "x")[1:-2]]


def path_of(model: ModelConfig, train: TrainConfig) -> Path:
    """Where the result of these settings is kept, for this machine."""
    machine = [FORMAT, platform.node(), os.cpu_count(), os.environ.get("OMP_NUM_THREADS")]
    about = json.dumps([machine, model.to_dict(), plain(train).to_dict()], sort_keys=True)
    return paths.derived_dir() / "trials" / f"{hashlib.sha256(about.encode()).hexdigest()}.json"


def read(model: ModelConfig, train: TrainConfig) -> Trial | None:
    """What was measured for these settings, or None."""
    values = queue.read_values(path_of(model, train)) or {}
    try:
        trial = Trial(**{f.name: values[f.name] for f in fields(Trial)})
        usable = all(
            math.isfinite(x) and x > 0 for x in (trial.start_seconds, trial.seconds_per_epoch, trial.measured_seconds)
        )
    except (KeyError, TypeError):
        return None
    return trial if usable else None


def _keep(trial: Trial, settings: Configs) -> None:
    path = path_of(settings.model, settings.train)
    with write_errors_as(ConfigError, path):
        write_atomically(path, json.dumps(asdict(trial)).encode())


# --- measuring --------------------------------------------------------------------------------------------------------


class _EnoughError(Exception):
    """Ends the training from inside a step."""


@dataclass
class Clock:
    """Hears of every gradient step and keeps the time between them. The first one of an epoch follows a validation."""

    inner: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    steps: int = 1  # of an epoch
    measured_seconds: float = 0.0
    _last: float = 0.0
    _started: float = 0.0

    def tick(self, done: int, total: int) -> None:
        """A step has ended. Raises to stop when the measurement is long enough."""
        now = time.perf_counter()
        if done == 1:
            self._started = now
        if done > WARM_UP_STEPS:
            (self.first if (done - 1) % self.steps == 0 else self.inner).append(now - self._last)
            self.measured_seconds += now - self._last
        self._last = now
        seen = bool(self.first) and (bool(self.inner) or self.steps == 1)
        late = self.measured_seconds > 0 and now - self._started >= LONGEST_SECONDS
        if late or (seen and self.measured_seconds >= MEASURE_SECONDS):
            raise _EnoughError

    def seconds_per_epoch(self, steps: int, share_validated: float) -> float:
        """For an epoch of `steps`, after which more images are validated than in the trial: 1 / `share_validated`."""
        if not self.inner:  # one step an epoch
            return _mean(self.first) * steps
        step = _mean(self.inner)
        validation = max(0.0, _mean(self.first) - step) / share_validated if self.first else FORWARD_SHARE * step
        return steps * step + validation


def measure(settings: Configs) -> Trial:
    """Train for about a second, on the first images where there are many."""
    train_images = datasets.load(settings.train.dataset, "train").images
    validation_images = datasets.load(settings.train.dataset, "validation").images
    config = replace(plain(settings.train), epochs=100_000)
    images = train_images[: STEPS * config.batch_size]
    held_out = validation_images[: max(VALIDATION_IMAGES, config.batch_size)]
    clock = Clock(steps=-(-len(images) // config.batch_size))
    import torch

    from vae.model.devices import best_device
    from vae.model.vae import new_model
    from vae.training import trainer

    device = best_device()

    def on_step(done: int, total: int) -> None:
        if device.type == "cuda":  # it runs behind the program: wait for it, or the clock sees nothing
            torch.cuda.synchronize()
        clock.tick(done, total)

    start = time.time() - psutil.Process().create_time()
    shared = another_job_computes()
    try:
        for _ in trainer.train(new_model(settings.model, 0), images, held_out, config, device, on_step):
            pass
    except _EnoughError:
        pass
    steps = -(-len(train_images) // config.batch_size)
    return Trial(
        start_seconds=start,
        seconds_per_epoch=clock.seconds_per_epoch(steps, len(held_out) / len(validation_images)),
        measured_seconds=clock.measured_seconds,
        steps=len(clock.inner) + len(clock.first),
        device=device.type,
        shared=shared or another_job_computes(),
        measured=time.time(),
    )


def another_job_computes() -> bool:
    """Whether a job such as a training has the processor now."""
    return any(job.state == "running" and job.lane == "compute" for job in queue.all_jobs())


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
