"""Go from one place in latent space to the next, as an animation or a sheet."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vae.checkpoints.checkpoint import Checkpoint
from vae.commands.common import add_checkpoint, decoded, new_file, read_checkpoint, shown, write_output
from vae.data import image_export
from vae.generation import anchors, holes, interpolation
from vae.generation.holes import Reach
from vae.generation.interpolation import Distances


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """CHECKPOINT TOKEN TOKEN … --kind --steps --output."""
    add_checkpoint(parser)
    parser.add_argument(
        "tokens", metavar="TOKEN", nargs="+", help="two to six of row:12, class:NAME, z:0.1,-0.2 or sample:SEED:INDEX"
    )
    parser.add_argument("--kind", choices=interpolation.KINDS, default="lerp", help="(default: lerp, a straight line)")
    parser.add_argument("--steps", type=int, default=10, help="pictures a leg, counting both ends (default: 10)")
    parser.add_argument(
        "--output", type=Path, default=Path("path.gif"), help="a .gif, a .png sheet or .npz (default: path.gif)"
    )


def run(arguments: argparse.Namespace) -> None:
    """Write the path's pictures; print its anchors, and how far it leads from the data."""
    output = new_file(arguments.output, ".gif", ".png", ".npz")
    checkpoint = read_checkpoint(arguments.checkpoint)
    stops = [anchors.parse(token, checkpoint) for token in arguments.tokens]
    path = interpolation.path(np.stack([stop.vector for stop in stops]), arguments.steps, arguments.kind)
    known = holes.reach(checkpoint.latents)
    distances = holes.nearest_image(path.z, checkpoint.latents, known)
    images = decoded(checkpoint, path.z, output)
    write_output(output, _content(output.suffix, images, path, distances))
    print(f"Wrote {len(images)} pictures of {checkpoint.name} to {shown(output)} ({arguments.kind}).")
    for stop, k in zip(stops, path.anchor_at, strict=True):
        print(f"anchor at picture {k}: {stop.title} [{stop.token}], {distances.distance[k]:.2f} from the data")
    print(_distance_line(checkpoint, distances, known))


def _distance_line(checkpoint: Checkpoint, found: Distances, known: Reach) -> str:
    far = int(found.distance.argmax())
    d, k = checkpoint.model.latent_dim, len(known.dims)
    where = f", in the {k} of {d} dimensions that carry something" if k < d else ""
    farthest = (
        f"Largest distance to the nearest test image{where}: {found.distance[far]:.2f}, at picture {far} (image "
        f"{found.row[far]})."
    )
    if not known.is_measured:
        return f"{farthest} {holes.NOT_MEASURED}"
    return (
        f"{farthest} Beyond {known.limit:.2f} is a hole: {holes.SHARE} % of images' own posterior samples lie "
        "nearer to other images."
    )


def _content(suffix: str, images: NDArray[np.uint8], path: interpolation.LatentPath, found: Distances) -> bytes:
    if suffix == ".gif":
        return image_export.gif(images)
    if suffix == ".npz":
        about = {"t": path.t, "anchor_at": path.anchor_at, "distance": found.distance, "row": found.row}
        return image_export.npz(images, path.z, **about)
    legs = path.by_leg()
    return image_export.png(
        image_export.sheet(image_export.enlarged(images[legs.ravel()], image_export.TILE_SIDE), legs.shape[1])
    )
