"""What a job's run folder tells those who judge it."""

from __future__ import annotations

from vae.jobs.job import Job
from vae.training.diagnostics.evidence import ENDED


def outcome(job: Job) -> str:
    """How the run ended, as `Evidence` wants it; empty while it goes on or can go on."""
    said = str((job.progress or {}).get("outcome"))
    if job.active:
        return ""
    return said if said in ENDED else "trained" if job.state == "done" else "stopped"
