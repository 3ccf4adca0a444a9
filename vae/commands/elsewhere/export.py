"""Write a model for use elsewhere: ONNX, safetensors, or a Python file, each with a model card."""

from __future__ import annotations

import argparse
from pathlib import Path

from vae.commands.common import add_checkpoint, add_json, print_json, read_checkpoint


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """CHECKPOINT, the format and where to."""
    add_checkpoint(parser)
    parser.add_argument("--format", choices=("onnx", "safetensors", "python"), default="onnx", help="(default: onnx)")
    parser.add_argument(
        "--output", type=Path, metavar="FOLDER", help="a new folder (default: NAME-FORMAT in the current one)"
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> None:
    """Write the files, all or none; ONNX is compared with PyTorch first."""
    from vae.export import writing

    checkpoint = read_checkpoint(arguments.checkpoint)
    destination = arguments.output or Path(f"{checkpoint.name}-{arguments.format}")
    files = writing.write(checkpoint, arguments.format, destination)
    if arguments.json:
        print_json({"files": [str(path) for path in files]})
    else:
        print("\n".join(map(str, files)))
