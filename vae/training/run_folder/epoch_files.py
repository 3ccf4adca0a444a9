"""The weights of a few epochs on a run's way, in its run folder. No torch.

    epochs/epoch-000007.safetensors    the model after epoch 7
    epochs/epoch-000007/               the same as a checkpoint, once somebody has looked at it (epoch_checkpoints.py)

Not of every epoch: a model of 100 million weights would fill the disk. They go with the run folder.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import safetensors.numpy

from vae.checkpoints.checkpoint import FloatArray
from vae.config import ModelConfig
from vae.errors import TrainingError
from vae.model.layers import parameter_shapes
from vae.storage import kinds, probe
from vae.storage.files import remove_folder, write_inside
from vae.storage.reporting import storage_errors_as
from vae.storage.tensor_files import LENGTH, MOST_HEADER, read_tensors
from vae.storage.validation import check_array, short

FOLDER = "epochs"
NAME = re.compile(r"epoch-(\d{6})(\.safetensors)?")
MOST_BYTES = 100 * 2**20  # of all of a run's


def planned(model: ModelConfig, epochs: int) -> tuple[int, ...]:
    """The epochs on the way to `epochs` whose weights are kept: the first, and those after an eighth, a quarter, half
    and three quarters; fewer where they would take more than MOST_BYTES. The last is what the checkpoint holds.
    """
    wanted = (1, epochs // 2, epochs // 4, 3 * epochs // 4, epochs // 8)
    there = list(dict.fromkeys(epoch for epoch in wanted if 0 < epoch < epochs))
    return tuple(sorted(there[: MOST_BYTES // size_of(model)]))


def size_of(model: ModelConfig) -> int:
    """About how many bytes one epoch takes."""
    return 4 * sum(math.prod(shape) for shape in parameter_shapes(model).values()) + 2**12


def epochs(run_folder: Path) -> list[int]:
    """The epochs whose weights are there, in order."""
    found = [NAME.fullmatch(path.name) for path in probe.entries(run_folder / FOLDER)]
    return sorted(int(match[1]) for match in found if match and match[2])


def bytes_of(run_folder: Path) -> int:
    """How much room all that is kept of epochs takes."""
    files = probe.entries(run_folder / FOLDER)
    inside = [path for folder in files if probe.is_folder(folder) for path in probe.entries(folder)]
    return sum(about.size for path in (*files, *inside) if probe.is_file(path) and (about := probe.stamp(path)))


def checkpoint_folder(run_folder: Path, epoch: int) -> Path:
    """Where an epoch's checkpoint is, once there is one."""
    return run_folder / FOLDER / f"epoch-{epoch:06d}"


def write(run_folder: Path, epoch: int, weights: Mapping[str, FloatArray]) -> None:
    """Keep the weights of one epoch. Raises OSError."""
    arrays = {name: np.ascontiguousarray(array) for name, array in weights.items()}
    write_inside(run_folder, _path(run_folder, epoch), safetensors.numpy.save(arrays))


def forget_after(run_folder: Path, epoch: int) -> None:
    """Remove what is kept of later epochs, for a run that goes on from this one. Raises OSError."""
    if probe.is_link(run_folder / FOLDER):
        return
    for path in probe.entries(run_folder / FOLDER):
        match = NAME.fullmatch(path.name)
        if match and int(match[1]) > epoch:
            remove_folder(path) if probe.is_folder(path) else path.unlink()


@storage_errors_as(TrainingError)
def read(run_folder: Path, epoch: int, model: ModelConfig) -> dict[str, FloatArray]:
    """The weights of one epoch by name. Raises TrainingError where they are damaged, or of another model."""
    path, expected = _path(run_folder, epoch), parameter_shapes(model)
    most = size_of(model) + LENGTH + MOST_HEADER
    tensors, _ = read_tensors(path, replace(kinds.EPOCH_WEIGHTS, most=most))
    found = {name: array.shape for name, array in tensors.items()}
    if found != expected:
        wrong = min(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
        raise TrainingError(
            f"{path.name}: tensor {wrong:.80} has shape {short(found.get(wrong))}, expected {expected.get(wrong)}.",
            "The weights belong to another model; delete the run's folder `epochs`.",
        )
    for name, array in tensors.items():
        check_array(array, expected[name], f"{path.name}: tensor {name}")
    return {name: np.ascontiguousarray(array) for name, array in tensors.items()}


def _path(run_folder: Path, epoch: int) -> Path:
    return checkpoint_folder(run_folder, epoch).with_suffix(".safetensors")
