"""Training on images of a memory-mapped file beside the same images in memory."""

from __future__ import annotations

import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from numpy.typing import NDArray

from vae.config import ModelConfig, TrainConfig
from vae.model.vae import new_model
from vae.training import trainer
from vae.training.batches import InMemory, Streamed

REPEATS = 3


@dataclass(frozen=True)
class Speeds:
    """Images per second of the gradient steps of one epoch: medians over the repeats."""

    memory: float
    stream: float


def measure(
    images: NDArray[np.uint8], validation: NDArray[np.uint8], model: ModelConfig, device: torch.device
) -> Speeds:
    """Epochs of both kinds in turn; the first of each warms up. The file is fresh, so it lies in the page cache."""
    memory, stream = [], []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "images.npy"
        np.save(file, images)
        mapped = np.load(file, mmap_mode="r")
        for _ in range(REPEATS + 1):
            memory.append(epoch(InMemory, model, images, validation, device))
            stream.append(epoch(Streamed, model, mapped, validation, device))
        del mapped
    return Speeds(statistics.median(memory[1:]), statistics.median(stream[1:]))


def epoch(
    kind: type[InMemory | Streamed],
    model: ModelConfig,
    images: NDArray[np.uint8],
    validation: NDArray[np.uint8],
    device: torch.device,
) -> float:
    """Images per second of one epoch whose images come as `kind`, whatever their size would have chosen."""
    config = TrainConfig("mnist", epochs=1, batch_size=256)
    with mock.patch.object(trainer, "batches_of", kind):
        (report,) = trainer.train(new_model(model, 0), images, validation, config, device)
    return report.images_per_second
