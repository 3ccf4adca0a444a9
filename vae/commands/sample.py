"""Sample new images from the prior, or from a mixture fitted to the aggregate posterior."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vae.checkpoints.checkpoint import Checkpoint, FloatArray
from vae.commands.common import add_checkpoint, decoded, new_file, read_checkpoint, shown, write_output
from vae.data import image_export
from vae.errors import ConfigError
from vae.generation import anchors, mixture_files, sampling


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """CHECKPOINT --number --seed --temperature --mixture --components --class --output."""
    add_checkpoint(parser)
    parser.add_argument("--number", type=int, default=64, help=f"1 to {sampling.MAX_SAMPLES:,} (default: 64)")
    parser.add_argument("--seed", type=int, default=0, help="(default: 0)")
    parser.add_argument(
        "--temperature", type=float, default=1.0, help="scales the standard deviation of what is drawn (default: 1)"
    )
    parser.add_argument("--mixture", action="store_true", help="draw from a mixture of Gaussians fitted to the latents")
    parser.add_argument(
        "--components",
        type=int,
        help=f"of the mixture (default: {sampling.COMPONENTS}, or as many as the images allow)",
    )
    parser.add_argument("--class", dest="class_name", metavar="NAME", help="fit the mixture to this class only")
    parser.add_argument(
        "--output", type=Path, default=Path("samples.png"), help="a .png sheet, .npz or .zip (default: samples.png)"
    )


def run(arguments: argparse.Namespace) -> None:
    """Draw, decode, write, and say what was drawn from what."""
    output = new_file(arguments.output, ".png", ".npz", ".zip")
    sampling.check(arguments.number, arguments.temperature, arguments.seed)
    if not arguments.mixture and (arguments.components is not None or arguments.class_name is not None):
        raise ConfigError("--components and --class are of a mixture, and --mixture was not given.", "Add --mixture.")
    checkpoint = read_checkpoint(arguments.checkpoint)
    if arguments.mixture:
        mixture = _mixture(checkpoint, arguments)
        z = mixture.sample(arguments.number, arguments.seed, arguments.temperature)
        source = f"a mixture of {len(mixture.weights)} Gaussians fitted to the posteriors of "
        label = None if arguments.class_name is None else anchors.label_of(arguments.class_name, checkpoint)
        source += mixture_files.fitted_to(checkpoint).in_words(label)
        one = f" of class {arguments.class_name}"
        source += one if arguments.class_name is not None else checkpoint.of_trained_classes()
    else:
        z = sampling.from_prior(arguments.number, checkpoint.model.latent_dim, arguments.seed, arguments.temperature)
        source = "the prior N(0, I)"
    write_output(output, _content(output.suffix, decoded(checkpoint, z, output), z))
    print(f"Wrote {arguments.number:,} samples of {checkpoint.name} to {shown(output)}.")
    print(f"Drawn from {source}, seed {arguments.seed}, temperature {arguments.temperature:g}.")


def _mixture(checkpoint: Checkpoint, arguments: argparse.Namespace) -> sampling.Mixture:
    latents, label = mixture_files.fitted_to(checkpoint).latents, None
    count = len(latents.mu)
    if arguments.class_name is not None:
        label = anchors.label_of(arguments.class_name, checkpoint)
        count = int((latents.labels == label).sum())
    components = arguments.components
    if components is None:
        components = max(1, min(sampling.COMPONENTS, sampling.most_components(count, latents.mu.shape[1])))
    return mixture_files.mixture_of(checkpoint, components, label=label)  # one fit: --seed is of the draws


def _content(suffix: str, images: NDArray[np.uint8], z: FloatArray) -> bytes:
    if suffix == ".png":
        return image_export.png(image_export.sheet(image_export.enlarged(images, image_export.TILE_SIDE)))
    if suffix == ".zip":
        return image_export.zip_of_pngs(images, [f"sample-{k:05d}.png" for k in range(len(images))])
    return image_export.npz(images, z)
