"""What several commands share."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae import recognition
from vae.anomalies import judging, normal_images, sources
from vae.anomalies.normal_images import ALL, NormalChoice
from vae.anomalies.sources import Source
from vae.budget import limits, needs
from vae.checkpoints import checkpoint_files
from vae.checkpoints.checkpoint import Checkpoint
from vae.data import datasets, image_export
from vae.data.image_dataset import SPLITS
from vae.errors import CheckpointError, ConfigError, ScoreError
from vae.jobs.progress import Progress
from vae.storage import paths, probe
from vae.storage.files import check_writable, write_atomically
from vae.storage.printing import json_text, visible
from vae.storage.reporting import write_errors_as
from vae.training.run_folder import epoch_checkpoints

SHOWN_SIDE = {".png": image_export.TILE_SIDE, ".gif": image_export.GIF_SIDE}  # pixels, of a picture in such a file


def add_checkpoint(parser: argparse.ArgumentParser) -> None:
    """The positional CHECKPOINT: a name below checkpoints/, or a folder anywhere; or such a name at an epoch."""
    parser.add_argument(
        "checkpoint",
        metavar="CHECKPOINT",
        help="a name that `list` shows, or the path of a folder; NAME@5 is the model after epoch 5, if `list` has it",
    )


def add_run_folder(parser: argparse.ArgumentParser) -> None:
    """The hidden option by which a job tells its command where to write progress."""
    parser.add_argument("--run-folder", type=Path, help=argparse.SUPPRESS)


def add_json(parser: argparse.ArgumentParser) -> None:
    """--json: numbers for programs."""
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")


def add_normal(parser: argparse.ArgumentParser) -> None:
    """--normal: read it with `normal_choice`."""
    parser.add_argument(
        "--normal",
        nargs="+",
        action="extend",
        metavar="CLASS",
        help="classes whose images are normal, as 0 1 or 0,1, or all (default: those the model was trained on); every "
        "other class is one of outliers",
    )


def normal_choice(checkpoint: Checkpoint, words: list[str] | None, elsewhere: tuple[str, ...] = ()) -> NormalChoice:
    """What --normal says; `elsewhere` are the class names of what is scored.

    A word that is no class's name is split at its commas. Raises ScoreError.
    """
    if words is None:
        return normal_images.default_choice(checkpoint)
    known = (*checkpoint.dataset.class_names, *elsewhere)
    if words == [ALL] and ALL not in known:
        return NormalChoice()
    parts = class_words(words, known)
    if not parts:
        raise ScoreError("--normal names no class.", "Give 'all', or classes, as 0 1 or 0,1.")
    return normal_images.chosen(checkpoint, parts, elsewhere)


def add_source(parser: argparse.ArgumentParser) -> None:
    """--images, --dataset, --split and --outliers: read them with `check_source`, `source_of` and `outlier_classes`."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--images", type=Path, metavar="DIR", help="a folder of images, with all that is below it")
    what.add_argument("--dataset", help="(default: the one the checkpoint was trained on)")
    parser.add_argument("--split", choices=SPLITS, help="of the data set (default: test)")
    parser.add_argument(
        "--outliers",
        nargs="+",
        action="extend",
        metavar="CLASS",
        help="classes or sub-folders whose images are outliers, or all (default: every one that is not normal)",
    )


def check_source(arguments: argparse.Namespace) -> None:
    """Raise ConfigError for options of a source that contradict each other."""
    if arguments.images is not None and arguments.split is not None:
        raise ConfigError("--split is of a data set, and --images is a folder.", "Leave out --split.")


def source_of(arguments: argparse.Namespace, checkpoint: Checkpoint) -> Source:
    """The images that --images, --dataset and --split name. Raises DatasetError."""
    shape = checkpoint.model.image_shape
    if arguments.images is not None:
        return sources.from_folder(arguments.images, shape, checkpoint.dataset.reading)
    name = checkpoint.dataset.name if arguments.dataset is None else arguments.dataset
    return sources.from_dataset(datasets.load(name, arguments.split or "test"), shape)


def outlier_classes(words: list[str] | None, source: Source) -> tuple[str, ...]:
    """What --outliers names. Raises ScoreError for a class that what is scored hasn't."""
    if words is None:
        return ()
    known = (*source.class_names, judging.ALL)
    parts = class_words(words, known)
    if unknown := [part for part in parts if part not in known]:
        there = judging.named(source.class_names) or "no class at all"
        raise ScoreError(f"{source.title} has no class {unknown[0]!r:.60}.", f"It has {there}; all means every image.")
    if not parts:
        raise ScoreError("--outliers names no class.", "Give 'all', or classes.")
    return tuple(parts)


def class_words(words: list[str], known: Collection[str]) -> list[str]:
    """Names of classes as they are typed: a word that is none of the known ones is split at its commas."""
    parts = [part.strip() for word in words for part in ([word] if word in known else word.split(","))]
    return [part for part in parts if part]


def read_checkpoint(argument: str) -> Checkpoint:
    """The checkpoint that CHECKPOINT names. Raises CheckpointError; at an epoch also as `epoch_checkpoints.read`."""
    name, at, epoch = argument.rpartition("@")
    if at and epoch.isascii() and epoch.isdigit() and len(epoch) < 7 and not probe.is_there(Path(argument)):
        return epoch_checkpoints.read(read_checkpoint(name), int(epoch))
    path = Path(argument)
    elsewhere = path.name != argument
    if elsewhere and probe.is_folder(path) and (why := probe.why_closed(path)):
        raise CheckpointError(f"The checkpoint {argument:.100} can't be read: {why}.")
    if not elsewhere and probe.is_folder(paths.checkpoints_dir() / argument):
        return checkpoint_files.read(argument)
    found = recognition.at(path)
    if found and found.words != recognition.CHECKPOINT:
        raise CheckpointError(recognition.instead(path, found, "a checkpoint's folder or its name"), found.hint)
    if elsewhere and not found:
        near = recognition.nearest(path.name, (entry.name for entry in probe.entries(path.parent)))
        why = probe.why_closed(path) or "nothing is there"
        raise CheckpointError(f"The checkpoint {argument:.100} can't be read: {why}.", near)
    folder = probe.resolved(argument) if elsewhere else None
    return checkpoint_files.read(folder.name, folder.parent) if folder else checkpoint_files.read(argument)


def print_json(values: Any) -> None:
    """One JSON document on standard output, which reads back as `values` whatever is in them."""
    print(json_text(values, sys.stdout.encoding or "utf-8"))


def note(text: str) -> None:
    """Say something beside the result, where there is something to say."""
    if text:
        print(text, file=sys.stderr)


def shown(path: Path) -> str:
    """A path as part of a sentence: nothing in it steers a terminal."""
    return visible(str(path))


def new_file(path: Path, *suffixes: str) -> Path:
    """Check before long work that `path` can be written later, and ends in one of `suffixes`. Raises ConfigError."""
    if path.suffix not in suffixes:
        raise ConfigError(f"The output is {path.name!r}, expected a name that ends in {' or '.join(suffixes)}.")
    with write_errors_as(ConfigError, path):  # too long, or a folder that is closed to us
        if not probe.is_folder(path.parent):
            if not probe.is_there(path.parent) and (why := probe.why_closed(path.parent)):
                raise ConfigError(f"{path!s:.300} can't be written: {why}.")
            raise ConfigError(f"There is no folder {path.parent}.", "Create it first.")
        if probe.is_folder(path):
            raise ConfigError(f"{path} is a folder, expected the name of a file.")
        check_writable(path)
    return path


def write_output(path: Path, content: bytes) -> None:
    """Write a command's result in one step, over what is there. Raises ConfigError."""
    with write_errors_as(ConfigError, path):
        write_atomically(path, content)
        written = path.stat().st_size
    if written != len(content) or not written:
        raise ConfigError(f"{path!s:.300} has {written:,} bytes, expected {len(content):,}.", "Write it again.")


def decoded(checkpoint: Checkpoint, z: NDArray[np.floating], output: Path) -> NDArray[np.uint8]:
    """The pictures (N, C, H, W) of latents (N, d), with a bar. Imports torch.

    Raises BudgetError when there is no room for them, or for `output`, the file that they will be in.
    """
    longest = max(checkpoint.model.image_shape[1:])
    need = needs.decoding(checkpoint.model, len(z), -(-SHOWN_SIDE.get(output.suffix, 1) // longest))
    limits.check_memory(need, f"Decoding {len(z):,} pictures", "Ask for fewer.")
    limits.check_disk({output: len(z) * math.prod(checkpoint.model.image_shape)}, f"A file of {len(z):,} pictures")
    from vae.checkpoints import inference, loading
    from vae.model.devices import best_device

    model = loading.load_model(checkpoint, best_device())
    progress = Progress(None)
    progress.stage(f"decoding {len(z):,} latents", "pictures")
    images = inference.decode(model, z, on_batch=progress.update)
    progress.close()
    return images
