"""Every image of a data set through its model, and their maps: kept beside the checkpoint. Computes with torch."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vae.checkpoints import every_image, inference
from vae.checkpoints.checkpoint import Checkpoint, Latents
from vae.checkpoints.every_image import EveryImage
from vae.checkpoints.inference import OnBatch
from vae.checkpoints.metrics import measured_by
from vae.errors import ConfigError
from vae.maps import making, map_files
from vae.model.vae import VAE

MAPPED_AT_ONCE = 500  # images: their t-SNE and UMAP maps take about a second; of more it is made when it is asked for


class Images(Protocol):
    """One split: images (N, C, H, W) uint8 and labels (N,) int64."""

    @property
    def images(self) -> NDArray[np.uint8]: ...

    @property
    def labels(self) -> NDArray[np.int64]: ...


def place(
    checkpoint: Checkpoint, model: VAE, others: Mapping[str, Images], on_batch: OnBatch = lambda done, total: None
) -> EveryImage:
    """Encode the validation and training images, as the test images were, and keep latents and PCA map of all; of few
    images the t-SNE and UMAP maps, too.

    `on_batch(done, total)` hears how many images are encoded and may raise to stop. Raises CheckpointError when the
    folder of derived files can't be written.
    """
    binarized = measured_by(checkpoint.model, checkpoint.train).binarized
    total = sum(len(split.labels) for split in others.values())
    encoded: dict[str, Latents] = {}
    for name, split in others.items():
        report = partial(_further, on_batch, sum(len(part.labels) for part in encoded.values()), total)
        encoded[name] = inference.encode(
            model,
            split.images,
            split.labels,
            binarized=binarized,
            on_batch=report,
        )
    found = every_image.joined(checkpoint, encoded)
    every_image.keep(checkpoint, found)
    _keep_map("pca", checkpoint, found)
    if len(found.latents.mu) <= MAPPED_AT_ONCE:
        with contextlib.suppress(ConfigError):  # too few images, or all alike
            for method in making.OF_NEIGHBOURS:
                _keep_map(method, checkpoint, found)
    return found


def _keep_map(method: str, checkpoint: Checkpoint, found: EveryImage) -> None:
    """Make and keep one map of all images. Raises ConfigError where there is nothing to map."""
    made = making.fit(method, found.latents.mu, found.latents.labels)
    map_files.write_derived_map(checkpoint.identity, made, map_files.OF_EVERY_IMAGE)


def _further(on_batch: OnBatch, before: int, total: int, done: int, _: int) -> None:
    """Tell of `done` images of one split, of `total` of all, `before` of which were encoded before it."""
    on_batch(before + done, total)
