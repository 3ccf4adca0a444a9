"""Move along one latent dimension at a time from a place, as a sheet with a row per dimension."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from vae.checkpoints import metrics
from vae.checkpoints.checkpoint import Checkpoint
from vae.commands.common import add_checkpoint, decoded, new_file, read_checkpoint, shown, write_output
from vae.data import image_export
from vae.errors import GenerationError
from vae.generation import anchors, traversals


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """CHECKPOINT --from --steps --low --high --dims --output."""
    add_checkpoint(parser)
    parser.add_argument(
        "--from",
        dest="start",
        metavar="TOKEN",
        help="row:12, class:NAME, z:0.1,-0.2 or sample:SEED:INDEX (default: the prior's mean, all zeros)",
    )
    parser.add_argument("--steps", type=int, default=11, help="pictures a row (default: 11)")
    parser.add_argument("--low", type=float, default=-3.0, help="(default: -3)")
    parser.add_argument("--high", type=float, default=3.0, help="(default: 3)")
    parser.add_argument("--dims", metavar="J,…", help="such as 0,3,5 (default: all)")
    parser.add_argument(
        "--output", type=Path, default=Path("traversal.png"), help="a .png sheet or .npz (default: traversal.png)"
    )


def run(arguments: argparse.Namespace) -> None:
    """Write the sheet, and print each row's dimension with its KL, an autoencoder's with its variance."""
    output = new_file(arguments.output, ".png", ".npz")
    values = traversals.values(arguments.low, arguments.high, arguments.steps)
    checkpoint = read_checkpoint(arguments.checkpoint)
    start = _start(arguments.start, checkpoint)
    dims = _dims(arguments.dims, checkpoint)
    z = traversals.traverse(start.vector, dims, values)  # (D, V, d)
    images = decoded(checkpoint, z.reshape(-1, z.shape[-1]), output)
    kl = checkpoint.latents.kl_per_dim()[dims]
    if output.suffix == ".png":
        content = image_export.png(
            image_export.sheet(image_export.enlarged(images, image_export.TILE_SIDE), len(values))
        )
    else:
        shaped = images.reshape(len(dims), len(values), *images.shape[1:])  # (D, V, C, H, W)
        content = image_export.npz(shaped, z, dims=np.array(dims), values=values, kl=kl)
    write_output(output, content)
    print(f"Wrote {len(dims)} rows of {len(values)} pictures to {shown(output)}: {checkpoint.name} from {start.title}.")
    variance, has_kl = checkpoint.latents.variance_per_dim()[dims], metrics.has_kl(checkpoint)
    for row, (j, nats, spread) in enumerate(zip(dims, kl, variance, strict=True), 1):
        carries = f"KL {nats:.2f} nats" if has_kl else f"variance {spread:.2f} of the test images' codes"
        print(f"row {row}: z{j} from {values[0]:g} to {values[-1]:g}, {carries}")


def _start(token: str | None, checkpoint: Checkpoint) -> anchors.Anchor:
    if token is None:
        return anchors.of_vector(np.zeros(checkpoint.model.latent_dim), "the prior's mean")
    return anchors.parse(token, checkpoint)


def _dims(text: str | None, checkpoint: Checkpoint) -> list[int]:
    """The dimensions asked for, the most telling first."""
    order = metrics.most_telling_first(checkpoint)
    if text is None:
        return order
    parts = [part.strip() for part in text.split(",")]
    wrong = [part for part in parts if not (part.isascii() and part.isdigit() and len(part) < 5 and int(part) in order)]
    if wrong:
        raise GenerationError(f"--dims names {wrong[0]!r:.40}, expected some of 0 to {len(order) - 1}, such as 0,1.")
    return [j for j in order if j in {int(part) for part in parts}]
