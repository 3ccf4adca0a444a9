"""Fitted mixtures are kept beside the checkpoint's derived maps, because a fit takes seconds. No torch.

derived/<identity>/mixture-<label or all>-<components>-<seed>.safetensors is fitted to test images,
mixture-training-… to training images.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors.numpy

from vae.checkpoints.checkpoint import Checkpoint, Latents
from vae.errors import GenerationError, StorageError
from vae.generation import posterior_files
from vae.generation.sampling import COMPONENTS, Mixture, check_mixture, fit_mixture
from vae.storage import kinds, paths
from vae.storage.files import write_atomically
from vae.storage.tensor_files import read_tensors

ARRAYS = ("weights", "means", "covariances")
TRAINING, TEST = "training", "test"


@dataclass(frozen=True)
class FittedTo:
    """The images whose posteriors a checkpoint's mixtures are fitted to; `split` is training or test."""

    latents: Latents
    split: str

    def in_words(self, label: int | None = None) -> str:
        """Such as "1,257 training images", of all classes or one."""
        count = len(self.latents.mu) if label is None else int((self.latents.labels == label).sum())
        return f"{count:,} {self.split} image{'s' if count != 1 else ''}"


def fitted_to(checkpoint: Checkpoint) -> FittedTo:
    """Training images where their latents are kept, else test images: of the classes that the model was trained on."""
    latents = posterior_files.kept(checkpoint)
    return FittedTo(latents, TRAINING) if latents is not None else FittedTo(checkpoint.trained_latents(), TEST)


def mixture_of(
    checkpoint: Checkpoint, components: int = COMPONENTS, seed: int = 0, label: int | None = None
) -> Mixture:
    """The checkpoint's mixture: read, or fitted and kept. Raises GenerationError as `fit_mixture` does.

    `fitted_to` says to which images.
    A file that is damaged, or of other latents, is fitted anew; a folder that can't be written keeps nothing.
    """
    images = fitted_to(checkpoint)
    check_mixture(images.latents, components, seed, label)
    path = mixture_path(checkpoint, components, seed, label, images.split)
    saved = _read(path)
    if saved is not None and saved.means.shape == (components, checkpoint.model.latent_dim):
        return saved
    mixture = fit_mixture(images.latents, components, seed, label)
    with contextlib.suppress(OSError):
        write_atomically(path, to_bytes(mixture))
    return mixture


def mixture_path(checkpoint: Checkpoint, components: int, seed: int, label: int | None, split: str = TEST) -> Path:
    """Where that mixture is kept."""
    of = ("" if split == TEST else f"{split}-") + ("all" if label is None else f"{label:d}")
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
