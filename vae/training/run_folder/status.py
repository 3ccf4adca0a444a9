"""What a training job's run folder tells: its history, and whether it can go on. No torch."""

from __future__ import annotations

import json
from pathlib import Path

from vae.errors import StorageError
from vae.jobs.job import Job, read_values
from vae.storage import kinds, probe
from vae.storage.files import write_atomically
from vae.storage.tensor_files import read_metadata
from vae.training.run_folder import history

WRITTEN = "written.json"
RESUME = "resume.safetensors"
COMPLETE = ("trained", "early_stopped", "diverged")  # outcomes after which there is nothing to go on with


def resume_file(run_folder: Path) -> Path:
    """Where a run keeps the state after its last finished epoch."""
    return run_folder / RESUME


def rows(job: Job) -> list[history.EpochRow]:
    """One row per finished epoch."""
    return history.read(job.folder)


def resumable(job: Job) -> bool:
    """Whether the run ended before it was complete and its state is still there."""
    return not why_not(job)


def why_not(job: Job) -> str:
    """Why the run can't go on; empty when it can."""
    outcome = (job.progress or {}).get("outcome")
    if job.kind != "train" or job.arguments[:1] != ("train",):  # which is the command that would be run
        return "it is no training run"
    if job.active:
        return f"it is {job.state}"
    if outcome in COMPLETE:
        return "it diverged" if outcome == "diverged" else "it is complete"
    if not probe.is_there(resume_file(job.folder)):
        return "no epoch was finished"
    return "" if _whole(resume_file(job.folder)) else "its resume.safetensors is damaged"


def _whole(path: Path) -> bool:
    """Whether header and size of a safetensors file agree; its content is not read."""
    try:
        return bool(read_metadata(path, kinds.RESUME))
    except StorageError:
        return False


def written(run_folder: Path) -> tuple[str, ...]:
    """The identities of the checkpoints that this run has written, which it may replace."""
    found = (read_values(run_folder / WRITTEN, kinds.WRITTEN) or {}).get("identities")
    return tuple(str(identity) for identity in found) if isinstance(found, list) else ()


def note_written(run_folder: Path, identity: str) -> None:
    """Remember that this checkpoint is the run's own. Raises OSError."""
    write_atomically(run_folder / WRITTEN, json.dumps({"identities": [*written(run_folder), identity]}).encode())
