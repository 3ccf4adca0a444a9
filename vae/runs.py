"""What a training job's run folder tells: its history, and whether it can go on. No torch."""

from __future__ import annotations

import json
from pathlib import Path

from vae import history
from vae.files import write_atomically
from vae.jobs import Job, read_values

WRITTEN = "written.json"
RESUME = "resume.safetensors"
COMPLETE = ("trained", "early_stopped", "diverged")  # outcomes after which there is nothing to go on with


def resume_file(run_folder: Path) -> Path:
    """Where a run keeps the state after its last finished epoch."""
    return run_folder / RESUME


def rows(job: Job) -> list[history.Row]:
    """One row per finished epoch."""
    return history.read(job.folder)


def resumable(job: Job) -> bool:
    """Whether the run ended before it was complete and its state is still there."""
    return not why_not(job)


def why_not(job: Job) -> str:
    """Why the run can't go on; empty when it can."""
    outcome = (job.progress or {}).get("outcome")
    if job.kind != "train":
        return "it is no training run"
    if job.active:
        return f"it is {job.state}"
    if outcome in COMPLETE:
        return "it diverged" if outcome == "diverged" else "it is complete"
    return "" if resume_file(job.folder).is_file() else "no epoch was finished"


def written(run_folder: Path) -> str:
    """The identity of the checkpoint that this run has written, which it may replace; empty without one."""
    return str((read_values(run_folder / WRITTEN) or {}).get("identity", ""))


def note_written(run_folder: Path, identity: str) -> None:
    """Remember which checkpoint is this run's own. Raises OSError."""
    write_atomically(run_folder / WRITTEN, json.dumps({"identity": identity}).encode())
