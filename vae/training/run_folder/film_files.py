"""What a training run shows of itself: the frames of its film, one file an epoch, in the run folder. No torch.

    previews/fixed.safetensors           originals and labels that stay the same through the film
    previews/epoch-000007.safetensors    latents, reconstructions and prior samples after epoch 7; 0 is before training

film.py computes them.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from vae.errors import StorageError
from vae.storage import kinds, probe
from vae.storage.files import write_inside
from vae.storage.json_files import parse_json
from vae.storage.tensor_files import read_tensors

FOLDER = "previews"
FIXED = "fixed.safetensors"
MAX_FRAMES = 200
NAME = re.compile(r"epoch-(\d{6})\.safetensors")
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Fixed:
    """What stays: originals (R, C, H, W) uint8 that are reconstructed, labels (n,) int64 of the places on the map."""

    originals: Pixels
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]


@dataclass(frozen=True)
class Frame:
    """One epoch: xy (n, 2) float32, reconstructions (R, C, H, W) and prior samples (S, C, H, W), both uint8.

    axes: `latent` (the two raw dimensions; one and a zero for d = 1) or `pca` (aligned to the frame before).
    """

    epoch: int
    axes: str
    xy: NDArray[np.float32]
    reconstructions: Pixels
    samples: Pixels


def is_due(epoch: int, epochs: int) -> bool:
    """Whether the film has a frame of this epoch: of each in a run of up to MAX_FRAMES, else of every n-th."""
    stride = -(-epochs // MAX_FRAMES)
    return epoch <= 1 or epoch == epochs or epoch % stride == 0


def write_fixed(run_folder: Path, fixed: Fixed) -> None:
    """Keep what stays. Raises OSError."""
    about = {"class_names": json.dumps(fixed.class_names)}
    _write(run_folder, FIXED, {"originals": fixed.originals, "labels": fixed.labels}, about)


def write_frame(run_folder: Path, frame: Frame) -> None:
    """Keep one frame. Raises OSError."""
    arrays: dict[str, NDArray[Any]] = {"xy": frame.xy}
    arrays |= {"reconstructions": frame.reconstructions, "samples": frame.samples}
    _write(run_folder, f"epoch-{frame.epoch:06d}.safetensors", arrays, {"axes": frame.axes})


def read_fixed(run_folder: Path) -> Fixed | None:
    """What stays, or None where there is none that can be read."""
    found = _read(run_folder / FOLDER / FIXED)
    if found is None:
        return None
    arrays, about = found
    try:
        names = tuple(str(name) for name in parse_json(about["class_names"]))
        fixed = Fixed(arrays["originals"], arrays["labels"], names)
    except (KeyError, ValueError, TypeError, RecursionError):
        return None
    return fixed if _pictures(fixed.originals) and fixed.labels.ndim == 1 and fixed.labels.dtype == np.int64 else None


def epochs(run_folder: Path) -> list[int]:
    """The epochs that have a frame, in order."""
    found = [NAME.fullmatch(path.name) for path in probe.entries(run_folder / FOLDER)]
    return sorted(int(match[1]) for match in found if match)


def read_frame(run_folder: Path, epoch: int) -> Frame | None:
    """The frame of one epoch, or None where there is none that can be read."""
    found = _read(run_folder / FOLDER / f"epoch-{epoch:06d}.safetensors")
    if found is None:
        return None
    arrays, about = found
    try:
        frame = Frame(epoch, about["axes"], arrays["xy"], arrays["reconstructions"], arrays["samples"])
    except KeyError:
        return None
    flat = frame.xy.ndim == 2 and frame.xy.shape[1] == 2 and frame.xy.dtype == np.float32
    good = flat and bool(np.isfinite(frame.xy).all()) and _pictures(frame.reconstructions) and _pictures(frame.samples)
    return frame if good else None


def _pictures(pixels: NDArray[Any]) -> bool:
    return pixels.ndim == 4 and pixels.dtype == np.uint8


def _write(run_folder: Path, name: str, arrays: dict[str, NDArray[Any]], about: dict[str, str]) -> None:
    whole = {key: np.ascontiguousarray(array) for key, array in arrays.items()}
    write_inside(run_folder, run_folder / FOLDER / name, safetensors.numpy.save(whole, about))


def _read(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, str]] | None:
    try:
        return read_tensors(path, kinds.FILM)
    except StorageError:
        return None
