"""Latents of the images that a model was trained on: encoded by commands, kept for mixtures. Needs torch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from vae.checkpoints import inference, loading
from vae.checkpoints.checkpoint import Checkpoint
from vae.checkpoints.metrics import measured_by
from vae.data import datasets
from vae.data.image_dataset import ImageDataset
from vae.errors import DatasetError
from vae.generation import posterior_files
from vae.model import devices


def own_images(checkpoint: Checkpoint) -> tuple[ImageDataset, ImageDataset]:
    """The train and test split of the model's data set.

    Raises DatasetError when they are not on this machine, or the test images not those that it was measured on.
    """
    train, test = (datasets.load(checkpoint.dataset.name, split) for split in ("train", "test"))
    if test.fingerprint != checkpoint.dataset.test_fingerprint:
        raise DatasetError(
            f"The {test.name} test images on this machine are not those that {checkpoint.name} was measured on.",
            "Fetch the data set again, or train the model again.",
        )
    return train, test


def keep(checkpoint: Checkpoint, on_progress: Callable[[int, int], None] = lambda done, total: None) -> bool:
    """Encode training images as the test images were, and keep their latents; returns whether they could be kept.

    A fixed draw of at most `posterior_files.most_images` images of the classes that the model was trained on.
    `on_progress(done, total)` counts images and may raise to stop. Raises DatasetError as `own_images` does.
    """
    train, _ = own_images(checkpoint)
    most = posterior_files.most_images(train.image_shape)
    of_trained = checkpoint.rows_of_trained(train.labels)
    rows = of_trained[np.sort(np.random.default_rng(0).permutation(len(of_trained))[:most])]
    model = loading.load_model(checkpoint, devices.best_device())
    binarized = measured_by(checkpoint.model, checkpoint.train).binarized
    latents = inference.encode(model, train.images[rows], train.labels[rows], binarized=binarized, on_batch=on_progress)
    return posterior_files.keep(checkpoint, latents)
