"""How fast this machine trains a model: measured in about a second of real gradient steps, kept by settings."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import psutil

from vae.config import TrainConfig
from vae.data import datasets
from vae.errors import ConfigError, StorageError
from vae.jobs import queue
from vae.jobs.job import Job, read_values
from vae.storage import kinds, paths
from vae.storage.files import write_atomically
from vae.storage.reporting import write_errors_as
from vae.storage.schema import Positive, read_as
from vae.training import request_budget
from vae.training.request import TrainingRequest
from vae.training.run_folder import request_files

WARM_UP_STEPS = 3  # the first steps allocate memory and choose kernels
MEASURE_SECONDS, LONGEST_SECONDS = 1.0, 4.0  # the longest: when an epoch's end has not been seen until then
STEPS, VALIDATION_IMAGES = 8, 1_024  # of the trial's epochs, where the data set has more
FORWARD_SHARE = 1 / 3  # of a gradient step's time, where no epoch's end was seen
# what a step's time does not depend on has its default in a trial
MATTERS = ("dataset", "batch_size", "objective", "importance_samples", "binarization", "max_grad_norm", "precision")
FORMAT = 2
OUTPUT = "trial"  # nothing is written there


@dataclass(frozen=True)
class Trial:
    """How fast one kind of training is.

    start_seconds: from the start of the program to the first step, mostly loading PyTorch. measured: when, in seconds
    since 1970. shared: another job was computing at the time.
    """

    start_seconds: Positive
    seconds_per_epoch: Positive
    measured_seconds: Positive
    steps: int
    device: str
    shared: bool
    measured: float

    def seconds(self, epochs: int) -> float:
        """The time of so many epochs, from the start of the program."""
        return self.start_seconds + epochs * self.seconds_per_epoch


# --- results on disk --------------------------------------------------------------------------------------------------


def comparable(request: TrainingRequest) -> TrainingRequest:
    """The same request, but for what its speed does not depend on: it can't diverge, and it does not stop early."""
    kept = {name: getattr(request.train, name) for name in MATTERS}
    train = TrainConfig(**kept, learning_rate=1e-4, lr_schedule="constant")
    return TrainingRequest(request.model, train, OUTPUT)


def submit(request: TrainingRequest) -> Job:
    """Measure as a job. Raises JobError, and BudgetError for what doesn't fit this machine."""
    request_budget.check_trial(request)
    files = request_files.files(comparable(request))
    return queue.submit("trial", "Measure the speed", ["trial"], lane="trial", files=files)


def path_of(request: TrainingRequest) -> Path:
    """Where the result of these settings is kept, for this machine."""
    machine = [FORMAT, platform.node(), os.cpu_count(), os.environ.get("OMP_NUM_THREADS")]
    about = json.dumps([machine, request.model.to_dict(), comparable(request).train.to_dict()], sort_keys=True)
    return paths.derived_dir() / "trials" / f"{hashlib.sha256(about.encode()).hexdigest()}.json"


def read(request: TrainingRequest) -> Trial | None:
    """What was measured for these settings, or None."""
    path = path_of(request)
    try:
        return read_as(read_values(path, kinds.TRIAL), Trial, path.name)
    except StorageError:
        return None


def save(trial: Trial, request: TrainingRequest) -> None:
    """Write what was measured. Raises ConfigError."""
    path = path_of(request)
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


def measure(request: TrainingRequest) -> Trial:
    """Train for about a second, on the first images where there are many."""
    config = replace(comparable(request).train, epochs=100_000)
    train_images, validation_images = (datasets.load(config.dataset, name).images for name in ("train", "validation"))
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
        for _ in trainer.train(new_model(request.model, 0), images, held_out, config, device, on_step):
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
    """Whether a job such as a training has the processor, or waits and will have it in a moment."""
    return any(job.active and job.lane == "compute" for job in queue.all_jobs())


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
