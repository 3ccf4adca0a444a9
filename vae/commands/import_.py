"""Make a data set from a folder of images of your own."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from vae.commands.common import add_run_folder
from vae.config import MAX_SIDE
from vae.data import import_folder
from vae.data.import_folder import ImportResult, ImportSettings
from vae.errors import ConfigError
from vae.jobs.progress import Progress
from vae.jobs.stopping import stoppable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """NAME, FOLDER and how the images are changed."""
    parser.add_argument("name", metavar="NAME", help="the new data set's name")
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="images, or one folder of images for each class")
    parser.add_argument("--size", default="32", help="side in pixels, or HEIGHTxWIDTH (default: 32)")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--colour", action="store_true", default=None, help="three channels")
    kind.add_argument("--grey", dest="colour", action="store_false", help="one channel (default: where all are grey)")
    parser.add_argument(
        "--max-images", type=int, metavar="N", help="take only so many, drawn at random but the same each time"
    )
    add_run_folder(parser)


def run(arguments: argparse.Namespace) -> None:
    """Decode every image once and write the arrays: a failure or a stop leaves nothing behind."""
    settings = _settings(arguments)
    progress = Progress(arguments.run_folder)
    try:
        with stoppable():
            progress.stage("importing images", "images")
            result = import_folder.write(arguments.name, arguments.folder, settings, progress.update)
        message = _message(result)
        progress.report(stage="done", fraction=1.0, seconds_left=0, finished=True, message=message)
    finally:
        progress.close()
    print(message)


def _settings(arguments: argparse.Namespace) -> ImportSettings:
    sides = re.fullmatch(r"(\d{1,5})(?:[x×](\d{1,5}))?", arguments.size.strip().lower(), re.ASCII)
    height, width = (int(sides[1]), int(sides[2] or sides[1])) if sides else (0, 0)
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE):
        raise ConfigError(
            f"The size is {arguments.size!r:.40}, expected a side or HEIGHTxWIDTH of 1 to {MAX_SIDE:,} pixels.",
            "32, 64 and 64x48 are sizes.",
        )
    if arguments.max_images is not None and arguments.max_images < 1:
        raise ConfigError(f"max-images is {arguments.max_images}, expected a number above 0.")
    return ImportSettings(height, width, arguments.colour, arguments.max_images)


def _message(result: ImportResult) -> str:
    counts = ", ".join(f"{count:,} {split}" for split, count in result.counts.items())
    kinds = f"{len(result.class_names):,} class{'es' if len(result.class_names) > 1 else ''}"
    shape = "×".join(map(str, result.image_shape))
    text = f"{result.folder.name}: {counts} images of {shape}, {kinds}, in {result.folder}."
    if result.skipped:
        more = "" if result.skipped <= len(result.examples) else "; …"
        text += f" Skipped {result.skipped:,} that can't be read: {'; '.join(result.examples)}{more}."
    return text
