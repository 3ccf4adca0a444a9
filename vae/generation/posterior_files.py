"""The training images' latents, kept beside the checkpoint's derived maps: what mixtures are best fitted to. No torch.

derived/<identity>/training-latents.safetensors, of at most 10,000 images of the classes that the model was trained on.
No page encodes training images; `quality` and `encode --split train` do (sample_quality/training_latents.py).
"""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import safetensors.numpy

from vae.checkpoints.checkpoint import Checkpoint, Latents, check_latents
from vae.errors import CheckpointError, StorageError
from vae.storage import kinds, paths
from vae.storage.files import write_atomically
from vae.storage.tensor_files import read_tensors

MOST = 10_000  # images: enough for a hundred components
MOST_BYTES = 512 * 2**20  # of images in memory while they are encoded: 2,730 of 256×256 in colour
NAMES = [field.name for field in dataclasses.fields(Latents)]


def latents_path(checkpoint: Checkpoint) -> Path:
    """Where they are kept."""
    return paths.derived_folder(checkpoint.identity) / "training-latents.safetensors"


def most_images(image_shape: tuple[int, int, int]) -> int:
    """How many training images of this shape are encoded at most."""
    return min(MOST, max(1, MOST_BYTES // math.prod(image_shape)))


def keep(checkpoint: Checkpoint, latents: Latents) -> bool:
    """Keep latents of training images, `MOST` at most; returns whether the folder could be written."""
    content = safetensors.numpy.save({name: np.ascontiguousarray(getattr(latents, name)) for name in NAMES})
    try:
        write_atomically(latents_path(checkpoint), content)
    except OSError:
        return False
    return True


def kept(checkpoint: Checkpoint) -> Latents | None:
    """What was kept; None for nothing, and for a file that is damaged or of another latent space."""
    try:
        tensors, _ = read_tensors(latents_path(checkpoint), kinds.TRAINING_LATENTS)
        latents = Latents(**{name: tensors[name] for name in NAMES})
        check_latents(latents, checkpoint.model.latent_dim, len(checkpoint.dataset.class_names), checkpoint.name)
    except (CheckpointError, StorageError, KeyError):
        return None
    return latents
