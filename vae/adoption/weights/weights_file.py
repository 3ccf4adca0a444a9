"""Tensors of a file that somebody brings: safetensors here, PyTorch's pickles in a bounded child process."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from vae.adoption.weights.loading_child import ORDER
from vae.errors import ConfigError
from vae.storage import door, kinds, paths
from vae.storage.reporting import storage_errors_as
from vae.storage.tensor_files import read_tensors

PICKLES = (".pt", ".pth", ".ckpt", ".bin")
MOST_SECONDS = 90
MOST_BYTES = 2**31
ENCODER, DECODER = re.compile(r"enc", re.IGNORECASE), re.compile(r"dec", re.IGNORECASE)
FIRST, LAST = re.compile(r"input|proj|fc|lin", re.IGNORECASE), re.compile(r"final|out|last", re.IGNORECASE)
SAVE_AT_HOME = (
    "Where you trained it, run: from safetensors.torch import save_file; "
    "save_file(model.state_dict(), 'model.safetensors')"
)


@storage_errors_as(ConfigError)
def read(path: Path) -> dict[str, NDArray[Any]]:
    """The tensors by their keys, in the order of their definition as far as the file tells it. Raises ConfigError."""
    suffix = path.suffix.lower()
    if suffix == ".safetensors":
        tensors, _ = read_tensors(path, kinds.ADOPTED_WEIGHTS)
        return {key: tensors[key] for key in sorted(tensors, key=_natural)}
    if suffix not in PICKLES:
        raise ConfigError(
            f"{path.name} is called {suffix or 'nothing'}, expected {', '.join(PICKLES)} or .safetensors."
        )
    with door.opened(path, kinds.ADOPTED_WEIGHTS) as file:  # a pipe would hold the child up
        size = file.seek(0, 2)
    if size > MOST_BYTES:
        raise ConfigError(f"{path.name} has {size:,} bytes, expected at most {MOST_BYTES:,}.")
    return _unpickled(path)


def _natural(key: str) -> tuple[object, ...]:
    """safetensors sorts its keys; of their order is known that encoders come first, and layer 2 before layer 10."""
    part = 0 if ENCODER.search(key) else 2 if DECODER.search(key) else 3 if LAST.search(key) else 1
    inside = 0 if part == 2 and FIRST.search(key) else 1
    pieces = [(int(piece), "") if piece.isdigit() else (-1, piece) for piece in re.split(r"(\d+)", key)]
    return (part, inside, *pieces)


def _unpickled(path: Path) -> dict[str, NDArray[Any]]:
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder, "tensors.safetensors")
        command = [sys.executable, "-m", "vae.adoption.weights.loading_child", str(path.absolute()), str(result)]
        try:
            done = subprocess.run(
                command, capture_output=True, timeout=MOST_SECONDS, cwd=paths.PROJECT, check=False, text=True
            )
        except subprocess.TimeoutExpired as error:
            raise ConfigError(f"{path.name} took more than {MOST_SECONDS} seconds to open.", SAVE_AT_HOME) from error
        try:
            answer = json.loads(done.stdout.splitlines()[-1])
        except (IndexError, ValueError) as error:
            raise ConfigError(
                f"{path.name} can't be opened within the memory and time that a stranger's file is given.", SAVE_AT_HOME
            ) from error
        if answer.get("global"):
            raise ConfigError(
                f"{path.name} holds more than numbers: it wants {answer['global']:.120}, which could run code, so it "
                "was refused. Expected tensors alone.",
                SAVE_AT_HOME,
            )
        if "refused" in answer:
            raise ConfigError(f"{path.name} is no file of PyTorch weights: {answer['refused']:.300}", SAVE_AT_HOME)
        if not answer.get("tensors"):
            raise ConfigError(f"{path.name} holds no tensors, expected a state_dict.", SAVE_AT_HOME)
        tensors, _ = read_tensors(result, kinds.ADOPTED_WEIGHTS)
        return {name.split(ORDER, 1)[1]: tensors[name] for name in sorted(tensors)}
