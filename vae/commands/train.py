"""Train a VAE and write it as a checkpoint.

Ctrl-C, or a job's stop, keeps the last finished epoch.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from vae.checkpoints import checkpoint_writing
from vae.commands.common import add_run_folder
from vae.data import datasets
from vae.errors import CheckpointError, JobError
from vae.jobs import queue, terminal_job
from vae.jobs.job import Job
from vae.jobs.progress import Progress
from vae.jobs.runner import only_one
from vae.jobs.stopping import RUNNER, stoppable
from vae.storage import paths, probe
from vae.training import request_budget, torchrun
from vae.training.request import TrainingRequest
from vae.training.request_options import add_options, add_output, from_options
from vae.training.run_folder import request_files, status


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What a training request holds; --resume."""
    add_options(parser)
    add_output(parser)
    parser.add_argument("--resume", metavar="RUN", help="go on with this interrupted run; other options are ignored")
    add_run_folder(parser)


def run(arguments: argparse.Namespace) -> None:
    """Check everything that can be checked, then train, encode, map and write; or go on with an interrupted run."""
    torchrun.place()  # nothing is told or written where it makes no sense
    if arguments.resume:
        _resume(queue.get(arguments.resume))
        return
    request = requested(arguments, arguments.output)
    _check_free(request, arguments.run_folder)
    request_budget.check(request, arguments.run_folder)
    tell_derived(request)
    if arguments.run_folder or not _writes():  # of a job, whose runner records how it ends
        _train(request, arguments.run_folder or paths.runs_dir())
        return
    title = f"Train {request.destination.name}"
    with terminal_job.begin("train", title, ["train"], request_files.files(request)) as folder:
        _train(request, folder)


def tell_derived(request: TrainingRequest) -> None:
    """Say what nobody chose, and why it is as it is."""
    if not request.derived or not _writes():
        return
    known = datasets.info(request.train.dataset)
    print(f"Chosen for {known.title}, because no option says otherwise:")
    for name, why in request.derived.items():
        print(f"  {' '.join(request.option(name)):<24} {why}")


def requested(arguments: argparse.Namespace, output: str | None) -> TrainingRequest:
    """What the run folder says, where this is a job's command; else the options. Raises VAEError."""
    folder: Path | None = arguments.run_folder
    is_job = folder is not None and probe.is_there(folder / "job.json")
    request = request_files.read(queue.get(folder.name)) if folder and is_job else from_options(arguments, output)
    request.check_dataset()
    return request


def _resume(job: Job) -> None:
    """Go on with `job` from its last finished epoch, in this terminal."""
    if _writes() and not status.resumable(job):
        raise JobError(f"Run {job.id} has nothing to go on with: {status.why_not(job)}.", "Start a new run.")
    request = request_files.read(job)
    request.check_dataset()
    _check_free(request, job.folder)
    request_budget.check(request, job.folder)
    with terminal_job.again(job) if _writes() else nullcontext(job.folder) as folder:
        _train(request, folder)


def _check_free(request: TrainingRequest, run_folder: Path | None) -> None:
    """Raise CheckpointError when the checkpoint can't be written, or another run that has not ended will write it."""
    for job in queue.all_jobs() if _writes() else []:
        running = job.kind == "train" and job.state == "running" and job.folder != run_folder
        if running and request_files.output_of(job) == request.output:
            raise CheckpointError(
                f"Run {job.id}, which has not ended, will write {request.destination}.", "Choose another name."
            )
    replacing = status.written(run_folder) if run_folder else ()
    checkpoint_writing.check_writable(request.destination, replacing)


def _train(request: TrainingRequest, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    progress = Progress(folder if _writes() else None, quiet=not _writes() or bool(os.environ.get(RUNNER)))
    progress.report(checkpoint=request.destination.name)
    from vae.training.run import run_to_end

    try:
        with stoppable(), _only_one(folder):
            run_to_end(request, progress, folder)
    except RuntimeError as error:  # torch.distributed's: the first process has ended, and tells why
        if _writes():
            raise
        print(f"Worker {torchrun.place().rank} ends: {' '.join(str(error).split())[:200]}", file=sys.stderr)
    finally:
        progress.close()


def _only_one(folder: Path) -> AbstractContextManager[None]:
    """A runner may die and leave its command training: a second command must not train in the same folder."""
    return only_one(folder / "trainer.lock") if _writes() else nullcontext()


def _writes() -> bool:
    """Whether this is the process that writes: the only one, or torchrun's first."""
    return torchrun.place().writes
