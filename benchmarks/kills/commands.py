"""Commands that are done in one go, killed at moments of their life: the result is whole, the earlier one, or none."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.kills.tally import KillError, Tally, digest, remove
from vae.checkpoints import checkpoint_files
from vae.data import imported_dataset
from vae.storage import paths

IMAGES, COPIES, SIDE = 50, 40, 256  # pictures of noise, and as many links to each: decoding takes a while
MODEL = "wide"
WIDE = ["train", "--hidden", "2048", "2048", "--epochs", "1", "--output", MODEL]  # encoding takes a while
LONGEST_SECONDS = 300.0


@dataclass(frozen=True)
class Command:
    """Words of a command line, its result, and whether it takes the place of an earlier result."""

    words: list[str]
    result: Path
    replaces: bool


def make_import(folder: Path) -> Command:
    """An import of pictures, which are made here."""
    images = folder / "images"
    random_pixels = np.random.default_rng(0)
    for number in range(IMAGES):
        place = images / f"class{number % 5}"
        place.mkdir(parents=True, exist_ok=True)
        first = place / f"{number}.png"
        Image.fromarray(random_pixels.integers(0, 256, (SIDE, SIDE, 3), np.uint8)).save(first, compress_level=1)
        for copy in range(1, COPIES):
            os.link(first, place / f"{number}-{copy}.png")
    words = ["import", "killed", str(images), "--size", "16"]
    return Command(words, imported_dataset.folder_of("killed"), replaces=False)


def make_encode(folder: Path) -> Command:
    """Latents of the training digits, by a model that is trained here if there is none."""
    _train_model()
    output = folder / "latents.npz"
    return Command(["encode", MODEL, "--split", "train", "--output", str(output)], output, replaces=True)


def make_map(folder: Path) -> Command:
    """A t-SNE map of that model's latents."""
    _train_model()
    identity = checkpoint_files.read(MODEL).identity
    result = paths.derived_folder(identity) / "map-tsne.safetensors"
    return Command(["map", MODEL, "--method", "tsne"], result, replaces=True)


COMMANDS = {"import": make_import, "encode": make_encode, "map": make_map}


def kill_command(command: Command, kills: int, draw: random.Random) -> Tally:
    """Kill a command so many times, then let it end. Where it replaces a result, an earlier one is there or not."""
    tally, began = Tally(), time.monotonic()
    run_to_end(command.words)
    life, expected = time.monotonic() - began, digest(command.result)
    if not expected:
        raise KillError(f"{' '.join(command.words)} has written nothing to {command.result}.")
    while tally.kills < kills:
        if not command.replaces or draw.random() < 0.5:
            remove(command.result)
        process = subprocess.Popen(_program(command.words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with suppress(subprocess.TimeoutExpired):
            process.wait(draw.uniform(0.0, life))
        if process.returncode is None:
            tally.kills += 1
            process.kill()
            process.wait()
        tally.look(lambda: _check(command, expected))
    if not command.replaces:
        remove(command.result)
    run_to_end(command.words)
    tally.compare(digest(command.result), expected, " ".join(command.words[:2]))
    return tally


def _check(command: Command, expected: str) -> None:
    """Raise ValueError for a result that is there and not whole."""
    if digest(command.result) not in ("", expected):
        raise ValueError(f"{command.result} is neither whole nor absent")


def run_to_end(words: list[str]) -> None:
    """Run a command. Raises KillError when it fails."""
    ended = subprocess.run(_program(words), capture_output=True, text=True, check=False, timeout=LONGEST_SECONDS)
    if ended.returncode:
        raise KillError(f"{' '.join(words)}: {ended.stderr[-500:]}")


def _train_model() -> None:
    if not (paths.checkpoints_dir() / MODEL).exists():
        run_to_end(WIDE)


def _program(words: list[str]) -> list[str]:
    return [sys.executable, "-m", "vae", *words]
