"""What several commands share."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from vae import store
from vae.errors import ConfigError
from vae.records import Checkpoint


def add_checkpoint(parser: argparse.ArgumentParser) -> None:
    """The positional CHECKPOINT: a name below checkpoints/, or a folder anywhere."""
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="a name that `list` shows, or the path of a folder")


def add_run_folder(parser: argparse.ArgumentParser) -> None:
    """The hidden option by which a job tells its command where to write progress."""
    parser.add_argument("--run-folder", type=Path, help=argparse.SUPPRESS)


def add_json(parser: argparse.ArgumentParser) -> None:
    """--json: numbers for programs."""
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")


def read_checkpoint(argument: str) -> Checkpoint:
    """The checkpoint that CHECKPOINT names. Raises CheckpointError."""
    path = Path(argument)
    if path.name != argument and path.is_dir():
        return store.read(path.resolve().name, path.resolve().parent)
    return store.read(argument)


def print_json(values: Any) -> None:
    """One JSON document on standard output."""
    print(json.dumps(values, indent=2, ensure_ascii=False))


def new_file(path: Path, suffix: str) -> Path:
    """Check that `path` can be written later. Raises ConfigError."""
    if path.suffix != suffix:
        raise ConfigError(f"The output is {path.name!r}, expected a name that ends in {suffix}.")
    if not path.parent.is_dir():
        raise ConfigError(f"There is no folder {path.parent}.", "Create it first.")
    return path
