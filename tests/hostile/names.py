"""Names that lead out of a folder, or that no file system, terminal or sentence should meet."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from tests.hostile.house import House
from vae.anomalies import detector_files
from vae.checkpoints import checkpoint_files, every_image
from vae.commands.common import read_checkpoint
from vae.data import datasets, imported_dataset
from vae.data.built_in import mnist
from vae.generation import direction_files, mixture_files, posterior_files
from vae.jobs import queue
from vae.maps import map_files
from vae.sample_quality import quality_files
from vae.selection import tag_files

NAMES = {
    "empty": "",
    "a dot": ".",
    "two dots": "..",
    "the folder above": "../a",
    "a way out of it": "a/../../../etc/passwd",
    "absolute": "/etc/passwd",
    "the root": "/",
    "300 characters": "x" * 300,
    "100,000 characters": "x" * 100_000,
    "5,000 folders": "x/" * 5_000,
    "a null byte": "a\0b",
    "a lone surrogate": "a\ud800",
    "right to left": "a\u202egnp.exe",
    "what steers a terminal": "\x1b]0;owned\x07\x1b[2J",
    "two lines": "a\nb",
    "a home": "~nosuchuser/a",
    "an option": "--output=x",
    "a pattern": "*",
    "a formula": "=1+1",
    "a device of Windows": "CON",
    "a backslash": "..\\a",
    "a hidden file": ".a",
    "full-width dots": "\uff0e\uff0e/a",
}
# Who is given a name by a person or a URL.
READERS: dict[str, Callable[[House, str], object]] = {
    "a checkpoint": lambda house, name: checkpoint_files.read(name),
    "a checkpoint of a command": lambda house, name: read_checkpoint(name),
    "a data set": lambda house, name: datasets.load(name, "train"),
    "a split": lambda house, name: datasets.load("own", name),
    "a job": lambda house, name: queue.get(name),
    "a detector": lambda house, name: detector_files.read(house.read_checkpoint(), name),
}

# What VAE_DATA and its like may be set to by mistake, or to a folder that has changed since.
FOLDERS: dict[str, Callable[[Path], str]] = {
    "is a file": lambda at: _made(at, at.touch),
    "is a pipe": lambda at: _made(at, lambda: os.mkfifo(at)),
    "is a device": lambda at: "/dev/zero",
    "is a link to itself": lambda at: _made(at, lambda: at.symlink_to(at)),
    "is below a file": lambda at: _made(at, at.touch) + "/below",
    "is below a link to itself": lambda at: _made(at, lambda: at.symlink_to(at)) + "/below",
    "is of somebody unknown": lambda at: "~nosuchuser/x",
    "has a name of 300 characters": lambda at: "x" * 300,
    "has a name of 5,000 characters": lambda at: "/x" * 2_500,
    "has a name that steers a terminal": lambda at: "\x1b[2J\u202e",
    "has a name that is no Unicode": lambda at: "/tmp/\udcff",  # noqa: S108 - never made
}


def _made(at: Path, make: Callable[[], object]) -> str:
    make()
    return str(at)


def _derived(house: House) -> object:
    checkpoint = house.read_checkpoint()
    mixture_files.mixture_path(checkpoint, 2, 0, None)
    return (
        posterior_files.kept(checkpoint)
        or every_image.kept(checkpoint)
        or map_files.read_derived_maps(checkpoint.identity, checkpoint.latents.mu.shape)
        or direction_files.saved(checkpoint)
        or tag_files.saved(checkpoint.identity, 40)
        or detector_files.saved(checkpoint)
        or quality_files.recorded(checkpoint)
    )


# What looks into each folder. Nothing is there, so nothing may come of it.
LOOKS: dict[str, Callable[[House], object]] = {
    "CHECKPOINTS": lambda house: checkpoint_files.summaries(),
    "RUNS": lambda house: queue.all_jobs(),
    "DATA": lambda house: imported_dataset.names() or mnist.INFO.on_this_machine(),
    "DERIVED": _derived,
}


def set_folder(house: House, variable: str, value: Callable[[Path], str]) -> None:
    """Set it in this process; the next house sets all of them anew."""
    os.environ[f"VAE_{variable}"] = value(house.root / "odd")
