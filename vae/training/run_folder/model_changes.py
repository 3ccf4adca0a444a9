"""Giving a trained model another name, and deleting it, together with what knows it by name or by identity.

Maps, detectors, directions and what else is derived belong to a model's identity, which is that of its files: a new
name changes nothing there. Runs know the identities that they wrote (status.py), and the name of what they are to
write, which follows.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from vae.checkpoints import checkpoint_files
from vae.checkpoints.checkpoint import Summary
from vae.checkpoints.checkpoint_files import checkpoint_path
from vae.errors import CheckpointError, VAEError
from vae.jobs import queue, waiting
from vae.jobs.job import Job
from vae.storage import door, kinds, paths, probe
from vae.storage.files import remove_folder, write_atomically
from vae.storage.renaming import rename_new
from vae.storage.reporting import write_errors_as
from vae.training.run_folder import request_files, status

FILES = {
    "map-": "map",
    "mixture-": "mixture",
    "training-latents": "file of encoded images",
    "quality": "quality report",
    "dimension-names": "list of names of dimensions",
    "named-places": "list of named places",
}
FOLDERS = {"detectors": "detector", "directions": "direction", "anomalies": "comparison of scores"}


@dataclass(frozen=True)
class Uses:
    """What knows a model: the runs that wrote it, oldest first, and how many derived files there are of each kind."""

    runs: tuple[Job, ...]
    derived: dict[str, int]


def runs_of(name: str, identity: str) -> list[Job]:
    """The runs that wrote the model, oldest first: by its identity, or by its name where they noted none."""
    return [job for job in queue.all_jobs() if job.kind == "train" and _wrote(job, name, identity)]


def _wrote(job: Job, name: str, identity: str) -> bool:
    written, request = status.written(job.folder), request_files.read_or_none(job)
    if request_files.output_of(job) == name:
        return not written or not identity or identity in written
    # under another name: the model was renamed, unless that name is there and so a copy's
    return bool(identity) and identity in written and not (request and probe.is_there(request.destination))


def uses(summary: Summary) -> Uses:
    """What a deletion would leave without its model, and what a new name has to follow."""
    return Uses(tuple(runs_of(summary.name, summary.identity)), _derived(summary.identity))


def _derived(identity: str) -> dict[str, int]:
    found: dict[str, int] = {}
    if not identity:
        return found
    for path in probe.entries(paths.derived_folder(identity)):
        if kind := FOLDERS.get(path.name):
            number = len(list(probe.entries(path)))
        else:
            kind = next((kind for start, kind in FILES.items() if path.name.startswith(start)), "")
            number = 1
        if kind and number:
            found[kind] = found.get(kind, 0) + number
    return found


def rename(name: str, new_name: str) -> None:
    """Give model `name` another name, which nothing has: all of it or nothing.

    Raises CheckpointError for a name that is taken or can't be one, a model that is gone or that an active job uses,
    and where it can't be written; JobError where the queue can't be locked.
    """
    folder, destination = checkpoint_path(name), checkpoint_path(new_name)
    with waiting.changing(), write_errors_as(CheckpointError, destination):
        _check(folder)
        if probe.is_there(destination) or any(
            job.active and request_files.output_of(job) == new_name for job in queue.all_jobs() if job.kind == "train"
        ):
            raise CheckpointError(
                f"There is already a model or an active run named {new_name}.", "Choose another name."
            )
        runs = runs_of(name, checkpoint_files.summary(folder).identity)
        with contextlib.ExitStack() as undone:
            try:
                rename_new(folder, destination)
            except FileExistsError as error:
                raise CheckpointError(f"There is already a model {new_name}.", "Choose another name.") from error
            undone.callback(rename_new, destination, folder)
            for job in runs:
                undone.callback(_follow(job, new_name))
            undone.pop_all()


def _follow(job: Job, new_name: str) -> Callable[[], None]:
    """Make the run's request say the new name; returns what takes that back. What can't be read stays as it is."""
    path = job.folder / request_files.FILE
    try:
        before = door.read(path, kinds.REQUEST) if probe.is_there(path) else None
        request = replace(request_files.read(job), output=new_name)
    except VAEError:
        return lambda: None
    write_atomically(path, request.to_json())

    def back() -> None:
        if before is None:
            path.unlink(missing_ok=True)
        else:
            write_atomically(path, before)

    return back


def delete(name: str) -> None:
    """Delete model `name` and what is derived of it, unless another folder is a copy of it; its runs stay.

    Raises CheckpointError for a model that is gone, that an active job uses or that can't be deleted; JobError where
    the queue can't be locked.
    """
    folder = checkpoint_path(name)
    with waiting.changing(), write_errors_as(CheckpointError, folder):
        _check(folder)
        identity = checkpoint_files.summary(folder).identity
        remove_folder(folder)
        if identity and all(other.identity != identity for other in checkpoint_files.summaries()):
            derived = paths.derived_folder(identity)
            if probe.is_there(derived):
                remove_folder(derived)


def _check(folder: Path) -> None:
    """Raise CheckpointError where there is nothing, or a job that has not ended needs it under this name."""
    if not probe.is_there(folder):
        raise CheckpointError(f"There is no model {folder.name} any more.", "Reload the page.")
    for job in queue.all_jobs():
        if job.active and (folder.name in job.arguments or request_files.output_of(job) == folder.name):
            raise CheckpointError(
                f"{job.title} has not ended and needs {folder.name}.", "Wait until it ends, or stop it."
            )
