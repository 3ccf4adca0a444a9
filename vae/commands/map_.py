"""Make a 2-D map of a checkpoint's posterior means and keep it in derived/."""

from __future__ import annotations

import argparse

from vae.budget import limits, needs
from vae.checkpoints.checkpoint import Checkpoint
from vae.commands.common import add_checkpoint, add_json, add_run_folder, print_json, read_checkpoint, shown
from vae.jobs.progress import Progress
from vae.jobs.stopping import stoppable, unstoppable
from vae.maps import map_files
from vae.maps.projection import ProjectionMap
from vae.storage import paths


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """CHECKPOINT --method --perplexity --seed --json."""
    add_checkpoint(parser)
    parser.add_argument("--method", required=True, choices=("pca", "tsne"))
    parser.add_argument("--perplexity", type=float, help="of t-SNE (default: 30, or what the images allow)")
    parser.add_argument("--seed", type=int, default=0, help="of t-SNE (default: 0)")
    add_json(parser)
    add_run_folder(parser)


def run(arguments: argparse.Namespace) -> None:
    """Fit, keep, and print the map's parameters and quality."""
    checkpoint = read_checkpoint(arguments.checkpoint)
    if arguments.method == "tsne":
        from vae.maps import tsne

        perplexity = tsne.checked(checkpoint.latents.mu, arguments.perplexity, arguments.seed)
        need = needs.tsne(len(checkpoint.latents.mu), checkpoint.model.latent_dim, perplexity)
        limits.check_memory(need, f"t-SNE of perplexity {perplexity:g}", "Choose a smaller perplexity.")
    kept = {paths.derived_folder(checkpoint.identity): needs.map_bytes(len(checkpoint.latents.mu))}
    limits.check_disk(kept, "The map")
    progress = Progress(arguments.run_folder)
    with stoppable():
        progress.stage(f"{arguments.method} of {len(checkpoint.latents.mu):,} images", "iterations")
        projection = _fit(checkpoint, arguments, progress)
        progress.close()
        with unstoppable():
            path = map_files.write_derived_map(checkpoint.identity, projection)
            progress.report(stage="done", fraction=1.0, finished=True)
    about = {"method": projection.method, "parameters": projection.parameters, "quality": projection.quality}
    if arguments.json:
        print_json({"checkpoint": checkpoint.name, "path": str(path), **about})
        return
    print(f"Wrote {shown(path)}")
    for name, value in (projection.parameters | projection.quality).items():
        print(f"{name:26} {value}")
    if said := projection.adapted():
        print(said)


def _fit(checkpoint: Checkpoint, arguments: argparse.Namespace, progress: Progress) -> ProjectionMap:
    from vae.maps import pca, tsne

    if arguments.method == "pca":
        return pca.fit(checkpoint.latents.mu)
    return tsne.fit(checkpoint.latents.mu, arguments.perplexity, arguments.seed, progress.update)
