"""What a model says of every image of its data set, not of the test split alone: for maps. No torch.

derived/<identity>/other-latents.safetensors holds the latents of validation and training images; those of test images
are the checkpoint's own and come first, so that a test image's row is the same among all. What is measured on held-out
images stays measured on them: no number of a checkpoint comes from here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from vae.checkpoints.checkpoint import Checkpoint, Latents, check_latents
from vae.errors import CheckpointError, StorageError
from vae.storage import kinds, paths
from vae.storage.files import write_atomically
from vae.storage.reporting import write_errors_as
from vae.storage.tensor_files import read_tensors

SPLITS = ("test", "validation", "train")  # in the order of their rows
MOST = 70_000  # images: a map of more is of test images
NAMES = [field.name for field in dataclasses.fields(Latents)]
SPLIT = "split"


@dataclass(frozen=True)
class ImagePlace:
    """One image: its split and its row in it."""

    split: str
    row: int


@dataclass(frozen=True)
class EveryImage:
    """Latents of all images, test images first, and how many of them each split has."""

    latents: Latents
    counts: Mapping[str, int]

    def rows(self, split: str) -> slice:
        """Where this split's images are."""
        before = sum(self.counts[name] for name in SPLITS[: SPLITS.index(split)])
        return slice(before, before + self.counts[split])

    def place(self, row: int) -> ImagePlace:
        """Which image a row is."""
        for split in SPLITS:
            if row < self.counts[split]:
                return ImagePlace(split, row)
            row -= self.counts[split]
        raise IndexError(row)

    def split_codes(self) -> NDArray[np.int64]:
        """(N,) the split of each image, as its place in `SPLITS`."""
        return np.repeat(np.arange(len(SPLITS)), [self.counts[name] for name in SPLITS])


def test_images(checkpoint: Checkpoint) -> EveryImage:
    """The checkpoint's own latents, as all that is known."""
    return EveryImage(checkpoint.latents, {"test": len(checkpoint.latents.mu), "validation": 0, "train": 0})


def joined(checkpoint: Checkpoint, others: Mapping[str, Latents]) -> EveryImage:
    """The checkpoint's latents with those of the other splits."""
    parts = [checkpoint.latents, *(others[name] for name in SPLITS[1:])]
    latents = Latents(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in NAMES})
    return EveryImage(latents, {name: len(part.mu) for name, part in zip(SPLITS, parts, strict=True)})


def latents_path(identity: str) -> Path:
    """Where the latents of validation and training images are kept."""
    return paths.derived_folder(identity) / "other-latents.safetensors"


def keep(checkpoint: Checkpoint, found: EveryImage) -> None:
    """Keep the latents of the splits but test. Raises CheckpointError when the folder can't be written."""
    count = found.counts["test"]
    tensors = {name: np.ascontiguousarray(getattr(found.latents, name)[count:]) for name in NAMES}
    tensors[SPLIT] = found.split_codes()[count:]
    path = latents_path(checkpoint.identity)
    with write_errors_as(CheckpointError, path):
        write_atomically(path, safetensors.numpy.save(tensors))


def kept(checkpoint: Checkpoint) -> EveryImage | None:
    """All images' latents; None where they were not kept, or are damaged or of another latent space."""
    try:
        tensors, _ = read_tensors(latents_path(checkpoint.identity), kinds.OTHER_LATENTS)
        latents, codes = Latents(**{name: tensors[name] for name in NAMES}), tensors[SPLIT]
        check_latents(latents, checkpoint.model.latent_dim, len(checkpoint.dataset.class_names), checkpoint.name)
    except (CheckpointError, StorageError, KeyError):
        return None
    if codes.dtype != np.int64 or codes.shape != latents.labels.shape or not np.isin(codes, (1, 2)).all():
        return None
    if (np.diff(codes) < 0).any():  # a split's images are together
        return None
    return joined(
        checkpoint, {name: latents.take(np.flatnonzero(codes == code)) for code, name in enumerate(SPLITS) if code}
    )
