"""Encode images to posterior means and standard deviations, as an .npz file."""

from __future__ import annotations

import argparse
import io
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from vae.budget import limits, needs
from vae.checkpoints.checkpoint import Checkpoint
from vae.commands.common import add_checkpoint, new_file, note, read_checkpoint, shown, write_output
from vae.data import datasets
from vae.data.image_dataset import SPLITS
from vae.errors import ConfigError, DatasetError
from vae.generation import posterior_files
from vae.jobs.progress import Progress
from vae.storage import paths


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """CHECKPOINT --dataset --split --output."""
    add_checkpoint(parser)
    parser.add_argument("--dataset", help="(default: the one the checkpoint was trained on)")
    parser.add_argument("--split", default="test", choices=SPLITS, help="(default: test)")
    parser.add_argument("--output", type=Path, default=Path("latents.npz"), help="(default: latents.npz)")


def run(arguments: argparse.Namespace) -> None:
    """Write mu, sigma (N, d), labels (N,) and, of imported images, the names of their files (N,).

    Latents of the model's own training images are kept, too: mixtures are fitted to these.
    """
    output = new_file(arguments.output, ".npz")
    checkpoint = read_checkpoint(arguments.checkpoint)
    images = datasets.load(arguments.dataset or checkpoint.dataset.name, arguments.split)
    if images.image_shape != checkpoint.model.image_shape:
        raise ConfigError(
            f"{images.name} has images {images.image_shape}, {checkpoint.name} takes {checkpoint.model.image_shape}."
        )
    own = (images.name, images.split) == (checkpoint.dataset.name, "train")
    need = needs.encoding(checkpoint.model, len(images))
    if own:  # some are read into memory, for mixtures
        drawn = min(len(images), posterior_files.most_images(images.image_shape))
        need = replace(need, images=need.images + drawn * math.prod(images.image_shape))
    limits.check_memory(need, "Encoding")
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
    if own:
        _keep_for_mixtures(checkpoint)


def _keep_for_mixtures(checkpoint: Checkpoint) -> None:
    """So that mixtures are fitted to training images from now on."""
    from vae.sample_quality import training_latents

    progress = Progress(None)
    progress.stage("training images for mixtures", "images")
    try:
        kept = training_latents.keep(checkpoint, progress.update)
    except DatasetError as error:
        note(f"Mixtures are fitted to test images as before. {error.message}")
        return
    finally:
        progress.close()
    if kept:
        print(f"Mixtures of {checkpoint.name} are fitted to training images from now on.")
    else:
        note(f"{shown(paths.derived_dir())} can't be written: mixtures are fitted to test images as before.")
