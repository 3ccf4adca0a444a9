"""Make a 2-D map of a checkpoint's posterior means and keep it in derived/: of the test images, or of every image."""

from __future__ import annotations

import argparse
import os

from vae.budget import limits, needs
from vae.checkpoints import every_image
from vae.checkpoints.checkpoint import Checkpoint, FloatArray
from vae.checkpoints.every_image import EveryImage
from vae.commands.common import add_checkpoint, add_json, add_run_folder, print_json, read_checkpoint, shown
from vae.data import datasets
from vae.errors import DatasetError
from vae.jobs.progress import Progress
from vae.jobs.stopping import Stopped, stoppable, unstoppable
from vae.maps import making, map_files
from vae.maps.making import MapSettings
from vae.maps.map_files import OF_EVERY_IMAGE, OF_TEST_IMAGES
from vae.maps.projection import TITLES, ProjectionMap
from vae.storage import paths

LOWEST = 19  # of Unix's priorities


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """CHECKPOINT --method --images --perplexity --neighbours --seed --low-priority --json."""
    add_checkpoint(parser)
    parser.add_argument("--method", required=True, choices=tuple(TITLES))
    parser.add_argument(
        "--images",
        choices=("test", "all"),
        default="test",
        help="all: also those that it was trained and validated on, whose latents are kept, too (default: test)",
    )
    parser.add_argument("--perplexity", type=float, help="of t-SNE (default: 30, or what the images allow)")
    parser.add_argument("--neighbours", type=int, help="of UMAP (default: 15, or what the images allow)")
    parser.add_argument("--seed", type=int, default=0, help="of t-SNE and UMAP (default: 0)")
    parser.add_argument("--low-priority", action="store_true", help="give way to everything else on this machine")
    add_json(parser)
    add_run_folder(parser)


def run(arguments: argparse.Namespace) -> None:
    """Fit, keep, and print the map's parameters and quality."""
    if arguments.low_priority and hasattr(os, "nice"):  # Windows has none
        os.nice(LOWEST)
    checkpoint = read_checkpoint(arguments.checkpoint)
    progress = Progress(arguments.run_folder)
    method, settings = arguments.method, MapSettings(arguments.perplexity, arguments.neighbours, arguments.seed)
    with stoppable():
        if arguments.images == "all":
            found, which = _every_image(checkpoint, progress), OF_EVERY_IMAGE
        else:
            found, which = every_image.test_images(checkpoint), OF_TEST_IMAGES
        latents, count = found.latents, len(found.latents.mu)
        _check_memory(method, latents.mu, settings)
        limits.check_disk({paths.derived_folder(checkpoint.identity): needs.map_bytes(count)}, "The map")
        progress.stage(f"{TITLES[method]} of {count:,} images", "iterations")
        try:
            projection = _made_with_them(checkpoint, method, found, which) or making.fit(
                method, latents.mu, latents.labels, settings, progress.update
            )
        except Stopped:
            if which == OF_EVERY_IMAGE:  # encoding them was not in vain
                progress.report(message=f"Stopped: all {count:,} images have their place on the other maps.")
            raise
        progress.close()
        with unstoppable():
            path = map_files.write_derived_map(checkpoint.identity, projection, which)
            progress.report(stage="done", fraction=1.0, finished=True)
    about = {"method": projection.method, "parameters": projection.parameters, "quality": projection.quality}
    if arguments.json:
        print_json({"checkpoint": checkpoint.name, "path": str(path), "images": count, **about})
        return
    print(f"Wrote {shown(path)}")
    for name, value in (projection.parameters | projection.quality).items():
        print(f"{name:26} {value}")
    if said := projection.adapted():
        print(said)


def _made_with_them(checkpoint: Checkpoint, method: str, found: EveryImage, which: str) -> ProjectionMap | None:
    """The PCA map that was made when all images were encoded: it has no settings, and would come out the same."""
    if method != "pca" or which != OF_EVERY_IMAGE:
        return None
    return map_files.read_derived_maps(checkpoint.identity, found.latents.mu.shape, which).get("pca")


def _every_image(checkpoint: Checkpoint, progress: Progress) -> EveryImage:
    """The latents of all images, kept before or encoded now. Raises DatasetError for images that are not there."""
    if known := every_image.kept(checkpoint):
        return known
    test = datasets.load(checkpoint.dataset.name, "test")
    if test.fingerprint != checkpoint.dataset.test_fingerprint:
        raise DatasetError(
            f"The {checkpoint.dataset.title} images on this machine are not those that {checkpoint.name} was "
            "measured on.",
            "Fetch or import those again.",
        )
    others = {split: datasets.load(checkpoint.dataset.name, split) for split in every_image.SPLITS[1:]}
    count = sum(map(len, others.values()))
    limits.check_memory(needs.encoding(checkpoint.model, count), "Encoding")
    kept = {paths.derived_folder(checkpoint.identity): needs.latents_bytes(checkpoint.model, count)}
    limits.check_disk(kept, "The latents")
    from vae.checkpoints import loading, placing
    from vae.model.devices import best_device

    progress.stage(f"encoding the other {count:,} images", "images")
    return placing.place(checkpoint, loading.load_model(checkpoint, best_device()), others, progress.update)


def _check_memory(method: str, mu: FloatArray, settings: MapSettings) -> None:
    """Raise ConfigError for settings that don't fit the latents (N, d), BudgetError where memory is lacking."""
    if method == "tsne":
        from vae.maps import tsne

        perplexity = tsne.checked(mu, settings.perplexity, settings.seed)
        what, less = f"t-SNE of perplexity {perplexity:g}", "Choose a smaller perplexity."
        limits.check_memory(needs.tsne(len(mu), mu.shape[1], perplexity), what, less)
    elif method == "umap":
        from vae.maps import umap

        neighbours = umap.checked(mu, settings.neighbours, settings.seed)
        what, less = f"UMAP of {neighbours} neighbours", "Choose fewer neighbours."
        limits.check_memory(needs.umap(len(mu), mu.shape[1], neighbours), what, less)
