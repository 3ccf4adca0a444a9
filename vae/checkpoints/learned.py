"""The test images of classes that a model was trained on: of others it knows nothing. numpy only."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from vae.checkpoints.checkpoint import Checkpoint, Latents


def rows(checkpoint: Checkpoint) -> NDArray[np.int64]:
    """Their rows of the test split, rising; all rows where the model was trained on all classes, or none is there."""
    names, labels = checkpoint.dataset.class_names, checkpoint.latents.labels
    known = [label for label, name in enumerate(names) if name in checkpoint.train.classes]
    found = np.flatnonzero(np.isin(labels, known)) if known else np.arange(len(labels))
    return found if len(found) else np.arange(len(labels))


def latents(checkpoint: Checkpoint) -> Latents:
    """Their latents; the checkpoint's own where these are of all images."""
    chosen, stored = rows(checkpoint), checkpoint.latents
    if len(chosen) == len(stored.mu):
        return stored
    arrays = {field.name: getattr(stored, field.name)[chosen] for field in dataclasses.fields(stored)}
    return Latents(**arrays)


def of_classes(checkpoint: Checkpoint) -> str:
    """For a sentence about them: " of class 1, 7, which the model was trained on"; "" for a model of all classes."""
    names = ", ".join(checkpoint.train.classes[:10]) + (", …" if len(checkpoint.train.classes) > 10 else "")
    return f" of class {names}, which the model was trained on" if names else ""
