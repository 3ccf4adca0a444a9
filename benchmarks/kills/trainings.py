"""Trainings as jobs, of which the command, the runner or both are killed, and which then go on."""

from __future__ import annotations

import json
import random
import signal
import time
from contextlib import suppress
from dataclasses import dataclass

import psutil

from benchmarks.kills.tally import KillError, Tally, digest
from vae.checkpoints import checkpoint_files
from vae.checkpoints.checkpoint_files import WEIGHTS
from vae.jobs import queue
from vae.jobs.job import Job, log_tail, read_values
from vae.jobs.processes import is_alive
from vae.storage import kinds, paths
from vae.storage.tensor_files import read_tensors
from vae.training.run_folder import history, status

EPOCHS = 400
SETTINGS = ["--hidden", "16", "--batch-size", "200", "--seed", "1"]
WHO = {"worker": ("child",), "runner": ("runner",), "both": ("runner", "child")}
BEYOND = 1.1  # moments are drawn over what is left of a run, and a little more: some runs end before they are killed
LONGEST_SECONDS = 300.0
POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Whole:
    """An undisturbed run: its weights; seconds to the end of its first epoch, on to the last, and after it."""

    epochs: int
    weights: str
    starting: float
    training: float
    ending: float

    def rest(self, epoch: int) -> float:
        """Seconds that a run needs that goes on after this epoch."""
        return self.starting + self.training * (1 - epoch / self.epochs) + self.ending


def undisturbed(epochs: int = EPOCHS) -> Whole:
    """Train once, to compare with. Raises KillError."""
    begun = time.monotonic()
    job = _submit("whole", epochs)
    marks = []
    for reached in (1, epochs):
        while _told(job) < reached:
            _check_time(begun, job)
            if not queue.get(job.id).active:
                raise KillError(f"The training ended at epoch {_told(job)}.\n{log_tail(job)}")
            time.sleep(POLL_SECONDS)
        marks.append(time.monotonic())
    _wait_for_end(job)
    return Whole(epochs, _weights("whole"), marks[0] - begun, marks[1] - marks[0], time.monotonic() - marks[1])


def kill_trainings(who: str, kills: int, whole: Whole, draw: random.Random) -> Tally:
    """Kill one training after the other until there were so many kills; each goes on until it has ended."""
    tally, number = Tally(), 0
    while tally.kills < kills:
        number += 1
        name = f"killed-{who}-{number}"
        job = _submit(name, whole.epochs)
        while _kill_at(job, who, draw.uniform(0.0, BEYOND * whole.rest(_kept(job))), tally):
            tally.look(lambda job=job, name=name: _read(job, name))  # type: ignore[misc]
            if (queue.get(job.id).progress or {}).get("outcome") == "trained":
                break
            queue.restart(job.id)
            if tally.kills == kills:
                _wait_for_end(job)
                break
        _check_end(job, name, whole, tally)
    return tally


def _kill_at(job: Job, who: str, seconds: float, tally: Tally) -> bool:
    """Kill after so many seconds, and wait until nothing does the job; False where it has ended before."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and queue.get(job.id).active:
        time.sleep(POLL_SECONDS)
    while len(found := _processes(job, WHO[who])) < len(WHO[who]):  # not started yet
        if not queue.get(job.id).active:
            return False
        _check_time(end, job)
    finished = max(_told(job), _kept(job))
    for process in found:
        with suppress(psutil.Error):
            process.send_signal(signal.SIGKILL)
    tally.kills += 1
    if who == "runner":  # the command goes on without it, and can be stopped
        queue.stop(job.id)
    _wait_for_end(job)
    if (lost := finished - _kept(job)) > 0:
        tally.lost_epochs += lost
        tally.problems.append(f"{lost} epochs before {finished} are lost")
    return True


def _read(job: Job, name: str) -> None:
    """Raise VAEError or ValueError for a result that is there and can't be read."""
    if (paths.checkpoints_dir() / name).exists():
        checkpoint_files.read(name)
    if len(history.read(job.folder)) < _kept(job):
        raise ValueError("history.csv has fewer epochs than are finished")


def _check_end(job: Job, name: str, whole: Whole, tally: Tally) -> None:
    """What has ended is complete: each epoch once, and the weights of the undisturbed run."""
    ended = queue.get(job.id)
    if ended.state != "done":
        raise KillError(f"{name} is {ended.state}: {ended.reason}\n{log_tail(job)}")
    epochs = [int(row["epoch"]) for row in history.read(job.folder)]
    if epochs != list(range(1, whole.epochs + 1)):
        tally.lost_epochs += max(1, whole.epochs - len(set(epochs)))
        tally.problems.append(f"{name}: history.csv has {len(epochs)} epochs")
    tally.look(lambda: checkpoint_files.read(name))
    tally.compare(_weights(name), whole.weights, name)


def _submit(name: str, epochs: int) -> Job:
    return queue.submit("train", name, ["train", *SETTINGS, "--epochs", str(epochs), "--output", name])


def _weights(name: str) -> str:
    return digest(paths.checkpoints_dir() / name / WEIGHTS)


def _told(job: Job) -> int:
    """The last epoch that a person has been told is finished."""
    return int((queue.get(job.id).progress or {}).get("epoch") or 0)


def _kept(job: Job) -> int:
    """The epoch after which the job would go on. Raises StorageError where the state can't be read."""
    file = status.resume_file(job.folder)
    return int(json.loads(read_tensors(file, kinds.RESUME)[1]["state"])["epoch"]) if file.exists() else 0


def _wait_for_end(job: Job) -> None:
    """Wait until nothing does this job. Raises KillError."""
    begun = time.monotonic()
    while queue.get(job.id).active:
        _check_time(begun, job)
        time.sleep(POLL_SECONDS)


def _check_time(begun: float, job: Job) -> None:
    if time.monotonic() - begun > LONGEST_SECONDS:
        raise KillError(f"The training does not get on.\n{log_tail(job)}")


def _processes(job: Job, who: tuple[str, ...]) -> list[psutil.Process]:
    """Those of the job's processes that live."""
    state = read_values(job.folder / "state.json", kinds.STATE) or {}
    found = []
    for name in who:
        with suppress(psutil.Error):
            if is_alive(state.get(name)):
                found.append(psutil.Process(state[name]["pid"]))
    return found


def kill_all() -> None:
    """End what an interrupted benchmark leaves behind."""
    for job in queue.all_jobs():
        for process in _processes(job, ("runner", "child")):
            with suppress(psutil.Error):
                process.kill()
