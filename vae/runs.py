"""What a training job's run folder tells: its history, and whether it can go on. No torch."""

from __future__ import annotations

from pathlib import Path

from vae import history
from vae.jobs import Job

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
    outcome = (job.progress or {}).get("outcome")
    return job.kind == "train" and not job.active and outcome not in COMPLETE and resume_file(job.folder).is_file()
