"""Fitted mixtures are kept beside the checkpoint's derived maps, because a fit takes seconds. No torch.

derived/<identity>/mixture-<label or all>-<components>-<seed>.safetensors
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import safetensors.numpy

from vae.checkpoints.checkpoint import Checkpoint
from vae.errors import GenerationError, StorageError
from vae.generation.sampling import COMPONENTS, Mixture, check_mixture, fit_mixture
from vae.storage import kinds, paths
from vae.storage.files import write_atomically
from vae.storage.tensor_files import read_tensors

ARRAYS = ("weights", "means", "covariances")


def mixture_of(
    checkpoint: Checkpoint, components: int = COMPONENTS, seed: int = 0, label: int | None = None
) -> Mixture:
    """The checkpoint's mixture: read, or fitted and kept. Raises GenerationError as `fit_mixture` does.

    It is fitted to test images of the classes that the model was trained on.
    A file that is damaged, or of other latents, is fitted anew; a folder that can't be written keeps nothing.
    """
    latents = checkpoint.trained_latents()
    check_mixture(latents, components, seed, label)
    path = mixture_path(checkpoint, components, seed, label)
    saved = _read(path)
    if saved is not None and saved.means.shape == (components, checkpoint.model.latent_dim):
        return saved
    mixture = fit_mixture(latents, components, seed, label)
    with contextlib.suppress(OSError):
        write_atomically(path, to_bytes(mixture))
    return mixture


def mixture_path(checkpoint: Checkpoint, components: int, seed: int, label: int | None) -> Path:
    """Where that mixture is kept."""
    of = "all" if label is None else f"{label:d}"
    return paths.derived_folder(checkpoint.identity) / f"mixture-{of}-{components:d}-{seed:d}.safetensors"


def to_bytes(mixture: Mixture) -> bytes:
    """The mixture as one safetensors file."""
    return safetensors.numpy.save({name: np.ascontiguousarray(getattr(mixture, name)) for name in ARRAYS})


def _read(path: Path) -> Mixture | None:
    try:
        tensors, _ = read_tensors(path, kinds.MIXTURE)
        return Mixture(*(tensors[name] for name in ARRAYS))
    except (GenerationError, StorageError, KeyError):
        return None
