"""Whether a training request fits this machine, asked before anything starts. Imports no torch."""

from __future__ import annotations

from pathlib import Path

from vae.budget import free, limits, needs
from vae.data import datasets
from vae.storage import paths
from vae.training import torchrun
from vae.training.request import TrainingRequest
from vae.training.run_folder import epoch_files


def memory(request: TrainingRequest) -> str:
    """About how much the training takes of this machine's memory, as `0.5 GB`. Raises DatasetError."""
    counts = datasets.info(request.train.dataset).counts
    need = limits.on_host(needs.training(request.model, request.train, counts, free.memory()))
    return limits.size(need.total)


def check(request: TrainingRequest, run_folder: Path | None = None) -> None:
    """Raise BudgetError for a training that needs more memory or disk than is free.

    Several processes (torchrun) share the batches, on machines that nobody here knows: they are not asked.
    """
    model, train = request.model, request.train
    counts = datasets.info(train.dataset).counts
    if torchrun.place().count == 1:
        limits.check_training(model, train, counts)
    writes = {
        request.destination: needs.checkpoint_bytes(model, counts["test"]),
        (run_folder or paths.runs_dir() / "new"): needs.run_folder_bytes(model, train)
        + len(epoch_files.planned(model, train.epochs)) * epoch_files.size_of(model),
    }
    limits.check_disk(writes, "Training")


def check_trial(request: TrainingRequest) -> None:
    """Raise BudgetError when measuring how fast the training is needs more memory than is free."""
    limits.check_trial(request.model, request.train, datasets.info(request.train.dataset).counts)
