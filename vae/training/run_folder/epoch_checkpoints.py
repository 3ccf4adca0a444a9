"""A model as it was after an epoch of its training, as a checkpoint: made once somebody looks at it, from the weights
that its run has kept (epoch_files.py). Imports torch only where it makes one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vae.budget import limits, needs
from vae.checkpoints import checkpoint_files, checkpoint_writing
from vae.checkpoints.checkpoint import Checkpoint, Metric, NewCheckpoint
from vae.checkpoints.metrics import BASELINE, FLOOR, Yardstick, measured_by, metrics_of
from vae.data import datasets
from vae.errors import CheckpointError, DatasetError, TrainingError
from vae.storage import paths, probe
from vae.training.run_folder import epoch_files, status

NOT_KEPT = "The run was deleted, or is of before epochs were kept, or of a model too large for it."
OnBatch = Callable[[int, int], None]


@dataclass(frozen=True)
class KeptEpochs:
    """The run that has written a checkpoint, and the epochs of which it still has the weights."""

    run_folder: Path
    epochs: tuple[int, ...]

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return epoch_files.bytes_of(self.run_folder)


def of(identity: str) -> KeptEpochs | None:
    """What is kept of the checkpoint of this identity; None where nothing is."""
    for folder in reversed(probe.entries(paths.runs_dir())):
        if not probe.is_folder(folder / epoch_files.FOLDER) or identity not in status.written(folder):
            continue
        if found := epoch_files.epochs(folder):
            return KeptEpochs(folder, tuple(found))
    return None


def name_of(name: str, epoch: int) -> str:
    """What a checkpoint as it was after an epoch is called."""
    return f"{name} at epoch {epoch:,}"


def read(checkpoint: Checkpoint, epoch: int, on_batch: OnBatch = lambda done, total: None) -> Checkpoint:
    """The checkpoint as it was after `epoch`, measured on the same test images, with a PCA map. It is made the first
    time, for which `on_batch(done, total)` hears how many images are encoded; it stays in the run folder.

    Raises
    ------
    CheckpointError
        Where the weights of this epoch are not there, or damaged.
    DatasetError
        Where the test images are not on this machine, or other ones.
    BudgetError
        Where there is too little memory or disk.
    """
    kept, name = of(checkpoint.identity), name_of(checkpoint.name, epoch)
    if kept is None or epoch not in kept.epochs:
        there = f"Epochs {', '.join(map(str, kept.epochs))} are kept." if kept else NOT_KEPT
        raise CheckpointError(f"{name} is not kept.", there)
    folder = epoch_files.checkpoint_folder(kept.run_folder, epoch)
    if not probe.is_there(folder):
        _make(checkpoint, kept.run_folder, epoch, folder, on_batch)
    return checkpoint_files.read_folder(folder, name)


def _make(checkpoint: Checkpoint, run_folder: Path, epoch: int, folder: Path, on_batch: OnBatch) -> None:
    if probe.is_link(folder.parent):
        raise CheckpointError(f"{folder.parent} is a link, which could lead out of the run folder.", "Remove it.")
    try:
        weights = epoch_files.read(run_folder, epoch, checkpoint.model)
    except TrainingError as error:
        raise CheckpointError(error.message, error.hint) from error
    test = datasets.load(checkpoint.dataset.name, "test")
    if test.fingerprint != checkpoint.dataset.test_fingerprint:
        raise DatasetError(
            f"The {checkpoint.dataset.title} test images on this machine are not those that {checkpoint.name} was "
            "measured on.",
            "Fetch or import those again.",
        )
    limits.check_memory(needs.encoding(checkpoint.model, len(test)), "Encoding")
    limits.check_disk({folder: needs.checkpoint_bytes(checkpoint.model, len(test))}, "An epoch's checkpoint")
    from vae.checkpoints import inference, loading
    from vae.maps import making
    from vae.model.devices import best_device

    by = measured_by(checkpoint.model, checkpoint.train)
    model = loading.model_from(checkpoint.model, weights).to(best_device())
    latents = inference.encode(model, test.images, test.labels, binarized=by.binarized, on_batch=on_batch)
    bound = inference.bound_of(model, test.images, checkpoint.train, by.binarized)
    metrics = metrics_of(latents, checkpoint.dataset.title, by, yardstick=_yardstick(checkpoint), bound=bound)
    metrics["epochs_trained"] = Metric(epoch, "epochs", f"of {checkpoint.train.epochs} asked for")
    new = NewCheckpoint(
        model=checkpoint.model,
        train=checkpoint.train,
        dataset=checkpoint.dataset,
        command=checkpoint.command,
        weights=weights,
        latents=latents,
        maps=[making.fit("pca", latents.mu, latents.labels)],
        metrics=metrics,
        history=[row for row in checkpoint.history if row.get("epoch", 0) <= epoch],
    )
    try:
        checkpoint_writing.write(new, folder)
    except CheckpointError:
        if not probe.is_there(folder):  # else somebody else has just made it
            raise


def _yardstick(checkpoint: Checkpoint) -> Yardstick | None:
    """What losses of the same test images are compared with does not change while a model learns."""
    baseline, floor = (checkpoint.metrics.get(name) for name in (BASELINE, FLOOR))
    return Yardstick(baseline.value, floor.value if floor else None) if baseline else None
