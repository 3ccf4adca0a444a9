"""Write a model as one HTML file: map, live decoder and images, for a browser without a network."""

from __future__ import annotations

import argparse
from pathlib import Path

from vae.commands.common import add_checkpoint, add_json, new_file, print_json, read_checkpoint, shown, write_output

MOST = 10_000  # images, unless more are asked for: those of MNIST's test split


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """CHECKPOINT, how many images, and where to."""
    add_checkpoint(parser)
    parser.add_argument("--images", type=int, default=MOST, metavar="N", help=f"the first N test images ({MOST:,})")
    parser.add_argument("--output", type=Path, metavar="FILE", help="an .html file (default: NAME.html)")
    add_json(parser)


def run(arguments: argparse.Namespace) -> None:
    """Write the page, all or nothing, and say what is in it."""
    if arguments.output:
        new_file(arguments.output, ".html")
    checkpoint = read_checkpoint(arguments.checkpoint)
    output = new_file(arguments.output or Path(f"{checkpoint.name}.html"), ".html")
    from ui.sharing import walk_data, walk_page

    data = walk_data.of(checkpoint, arguments.images)
    page = walk_page.of(data)
    write_output(output, page)
    if arguments.json:
        print_json({"file": str(output), "bytes": len(page), "images": data.count, "of": data.of})
        return
    what = f"{data.count:,} of {data.of:,} test images" if not data.problem else f"no images: {data.problem}"
    print(f"Wrote {shown(output)}, {len(page) / 1e6:.1f} MB: {checkpoint.name} with {what}")
