"""Encode images to posterior means and standard deviations, as an .npz file."""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import Any

import numpy as np

from vae.budget import limits, needs
from vae.commands.common import add_checkpoint, new_file, read_checkpoint, shown, write_output
from vae.data import datasets
from vae.data.image_dataset import SPLITS
from vae.errors import ConfigError
from vae.jobs.progress import Progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """CHECKPOINT --dataset --split --output."""
    add_checkpoint(parser)
    parser.add_argument("--dataset", help="(default: the one the checkpoint was trained on)")
    parser.add_argument("--split", default="test", choices=SPLITS, help="(default: test)")
    parser.add_argument("--output", type=Path, default=Path("latents.npz"), help="(default: latents.npz)")


def run(arguments: argparse.Namespace) -> None:
    """Write mu, sigma (N, d), labels (N,) and, of imported images, the names of their files (N,)."""
    output = new_file(arguments.output, ".npz")
    checkpoint = read_checkpoint(arguments.checkpoint)
    images = datasets.load(arguments.dataset or checkpoint.dataset.name, arguments.split)
    if images.image_shape != checkpoint.model.image_shape:
        raise ConfigError(
            f"{images.name} has images {images.image_shape}, {checkpoint.name} takes {checkpoint.model.image_shape}."
        )
    limits.check_memory(needs.encoding(checkpoint.model, len(images)), "Encoding")
    limits.check_disk({output: needs.latents_bytes(checkpoint.model, len(images))}, "The file of latents")
    from vae.checkpoints import inference, loading
    from vae.model.devices import best_device

    model = loading.load_model(checkpoint, best_device())
    progress = Progress(None)
    progress.stage(f"encoding {images.split} images", "images")
    encoded = inference.encode(model, images.images, images.labels, on_batch=progress.update)
    progress.close()
    content = io.BytesIO()
    names = images.file_names
    arrays: dict[str, Any] = {"mu": encoded.mu, "sigma": encoded.sigma, "labels": encoded.labels}
    if names is not None:
        arrays["names"] = np.array(names)
    np.savez(content, allow_pickle=False, **arrays)
    write_output(output, content.getvalue())
    print(f"Wrote mu and sigma {encoded.mu.shape} and labels of {images.name} {images.split} to {shown(output)}.")
