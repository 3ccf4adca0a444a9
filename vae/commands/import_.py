"""Make a data set from images of your own (a folder, a ZIP or an NPZ), and tell what became of them."""

from __future__ import annotations

import argparse
import re
from dataclasses import asdict
from pathlib import Path

from vae.commands.common import add_json, add_run_folder, print_json
from vae.config import MAX_SIDE
from vae.data.folders.choices import CLASSES_FROM, SPLIT_FROM, FolderChoices
from vae.data.import_folder import ImportResult, ImportSettings
from vae.data.importing import sources
from vae.data.reading_choice import ReadingChoice
from vae.errors import ConfigError
from vae.jobs.progress import Progress
from vae.jobs.stopping import stoppable
from vae.storage import probe


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """NAME, SOURCE, what is taken of it, how names become classes and splits, and how images are changed."""
    parser.add_argument("name", metavar="NAME", help="the new data set's name")
    parser.add_argument(
        "source",
        metavar="SOURCE",
        type=Path,
        help="a folder or a ZIP of images, or of one folder of images for each class; an NPZ of images and labels",
    )
    parser.add_argument("--size", help="side in pixels, or HEIGHTxWIDTH (default: 32; of an NPZ its own)")
    parser.add_argument(
        "--fit",
        choices=("cut", "pad"),
        default="cut",
        help="for another aspect ratio: cut keeps the middle, pad puts the background beside the image (default: cut)",
    )
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--colour", action="store_true", default=None, help="three channels")
    kind.add_argument("--grey", dest="colour", action="store_false", help="one channel (default: where all are grey)")
    parser.add_argument(
        "--max-images", type=int, metavar="N", help="take only this many, drawn at random but the same each time"
    )
    parser.add_argument(
        "--classes-from",
        choices=CLASSES_FROM,
        default="auto",
        help="the first folder of each path, the folder that an image lies in, a CSV file, or one class for all "
        "(default: the first folder that is no split and not the only one)",
    )
    parser.add_argument(
        "--split-from",
        choices=SPLIT_FROM,
        default="auto",
        help="folders called train, val and test, a column of the CSV file, or the files' content "
        "(default: such folders, else the content)",
    )
    parser.add_argument("--csv", type=Path, metavar="FILE", help="the CSV file (default: the only one in the folder)")
    parser.add_argument(
        "--include", action="append", default=[], metavar="GLOB", help="take only such paths, names or folders"
    )
    parser.add_argument("--exclude", action="append", default=[], metavar="GLOB", help="leave such ones out")
    parser.add_argument(
        "--background",
        default="auto",
        metavar="COLOUR",
        help="behind transparent pixels (default: white)",
    )
    parser.add_argument(
        "--range",
        dest="values",
        default="auto",
        metavar="auto|full|MIN:MAX",
        help="values that become black and white (default: of 16-bit files the lowest and highest of all, else 0:255)",
    )
    parser.add_argument(
        "--within",
        action="append",
        default=[],
        type=Path,
        metavar="FOLDER",
        help="leave out links that lead out of such folders (default: follow links to files)",
    )
    add_json(parser)
    add_run_folder(parser)


def run(arguments: argparse.Namespace) -> None:
    """Decode every image once and write the arrays: a failure or a stop leaves nothing behind."""
    source = _given(arguments)
    settings = _settings(arguments, source)
    progress = Progress(arguments.run_folder)
    try:
        with stoppable():
            progress.stage("importing images", "images")
            result = sources.write(arguments.name, source, settings, progress.update)
        message = _message(result)
        if source != arguments.source:
            source.unlink(missing_ok=True)  # an upload, which has become the data set
        progress.report(stage="done", fraction=1.0, seconds_left=0, finished=True, message=message)
    finally:
        progress.close()
    if arguments.json:
        print_json(_values(result))
    else:
        print(message)


def _given(arguments: argparse.Namespace) -> Path:
    """What is imported; a job's upload is in its run folder, by its bare name."""
    source: Path = arguments.source
    if arguments.run_folder and source.name == str(source) and probe.is_there(arguments.run_folder / source):
        return Path(arguments.run_folder) / source
    return source


def _sides(text: str) -> tuple[int, int]:
    """(height, width). Raises ConfigError."""
    sides = re.fullmatch(r"(\d{1,5})(?:[x×](\d{1,5}))?", text.strip().lower(), re.ASCII)
    height, width = (int(sides[1]), int(sides[2] or sides[1])) if sides else (0, 0)
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE):
        raise ConfigError(
            f"The size is {text!r:.40}, expected a side or HEIGHTxWIDTH of 1 to {MAX_SIDE:,} pixels.",
            "32, 64 and 64x48 are sizes.",
        )
    return height, width


def _settings(arguments: argparse.Namespace, source: Path) -> ImportSettings:
    height, width = _sides(arguments.size) if arguments.size else sources.side_of(source)
    if arguments.max_images is not None and arguments.max_images < 1:
        raise ConfigError(f"max-images is {arguments.max_images}, expected a number above 0.")
    if arguments.csv is not None and "csv" not in (arguments.classes_from, arguments.split_from):
        raise ConfigError("--csv is for --classes-from csv or --split-from csv.", "Give one of these, too.")
    folder = FolderChoices(
        classes_from=arguments.classes_from,
        split_from=arguments.split_from,
        include=tuple(arguments.include),
        exclude=tuple(arguments.exclude),
        table=arguments.csv,
    )
    reading = ReadingChoice(arguments.background, arguments.values, arguments.fit)
    within = tuple(probe.resolved(str(folder)) for folder in arguments.within)
    return ImportSettings(height, width, arguments.colour, arguments.max_images, folder, reading, within)


def _message(result: ImportResult) -> str:
    counts = ", ".join(f"{count:,} {split}" for split, count in result.counts.items())
    kinds = f"{len(result.class_names):,} class{'es' if len(result.class_names) > 1 else ''}"
    shape = "×".join(map(str, result.image_shape))
    first = f"{result.folder.name}: {counts} images of {shape}, {kinds}, in {result.folder}."
    return "\n".join([first, *result.report.lines()])


def _values(result: ImportResult) -> dict[str, object]:
    return {
        "name": result.folder.name,
        "folder": str(result.folder),
        "image_shape": result.image_shape,
        **asdict(result.report),
    }
