"""MNIST, 28×28, from the files that torchvision keeps. Imports no torch.

torchvision's test file is test (10,000); the last 5,000 of the training file are validation, the 55,000 before them
train.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vae.data.image_dataset import DatasetInfo, ImageDataset
from vae.errors import DatasetError, DatasetMissingError
from vae.storage import paths

VALIDATION = 5_000
CLASS_NAMES = tuple("0123456789")


def raw_dir() -> Path:
    """Where torchvision keeps MNIST's four uncompressed files, below `VAE_DATA`."""
    return paths.data_dir() / "MNIST" / "raw"


def _file(train: bool, kind: str) -> Path:
    return raw_dir() / f"{'train' if train else 't10k'}-{kind}-ubyte"


def _on_this_machine() -> bool:
    return all(_file(train, kind).is_file() for train in (True, False) for kind in ("images-idx3", "labels-idx1"))


def _changed() -> int:
    folder = raw_dir()
    return folder.stat().st_mtime_ns if folder.is_dir() else 0  # images fetched again are read again


def _load(split: str) -> ImageDataset:
    train = split != "test"
    if not _on_this_machine():
        raise DatasetMissingError(
            f"MNIST's images are not on this machine (looked in {raw_dir()}).",
            "Fetch them (11 MB) with `python -m vae fetch mnist`, or point VAE_DATA at a folder that has them.",
        )
    images = read_idx(_file(train, "images-idx3"))
    labels = read_idx(_file(train, "labels-idx1"))
    expected = 60_000 if train else 10_000
    if images.shape != (expected, 28, 28) or labels.shape != (expected,):
        raise DatasetError(
            f"MNIST's files hold {images.shape} images and {labels.shape} labels, expected {expected:,} of 28×28.",
            f"Delete {raw_dir()} and run `python -m vae fetch mnist`.",
        )
    rows = slice(None)
    if train:
        rows = slice(0, -VALIDATION) if split == "train" else slice(-VALIDATION, None)
    return ImageDataset("mnist", split, images[rows, None], labels[rows].astype(np.int64), CLASS_NAMES)


def read_idx(path: Path) -> NDArray[np.uint8]:
    """An uncompressed IDX file of unsigned bytes, as torchvision leaves it on disk.

    torchvision reads the same files (a test compares the two), but importing it takes 3.5 s, longer than the whole
    first view of Explore. Format: two zero bytes, the type 0x08, the number of dimensions, each size as a big-endian
    uint32.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DatasetError(f"{path} can't be read: {error.strerror}.") from error
    if len(raw) < 4 or raw[:3] != b"\0\0\x08":
        raise DatasetError(f"{path} is not an IDX file of bytes.", "Delete it and fetch the data set again.")
    rank = raw[3]
    shape = tuple(int(n) for n in np.frombuffer(raw, ">u4", rank, 4)) if len(raw) >= 4 + 4 * rank else ()
    start = 4 + 4 * rank
    if not shape or len(raw) - start != math.prod(shape):
        raise DatasetError(
            f"{path} holds {max(0, len(raw) - start):,} bytes of data, its header promises {shape}.",
            "Delete it and fetch the data set again.",
        )
    return np.frombuffer(raw, np.uint8, offset=start).reshape(shape)


INFO = DatasetInfo(
    name="mnist",
    title="MNIST",
    image_shape=(1, 28, 28),
    class_names=CLASS_NAMES,
    counts={"train": 60_000 - VALIDATION, "validation": VALIDATION, "test": 10_000},
    download_mb=11,
    load_split=_load,
    on_this_machine=_on_this_machine,
    changed=_changed,
)
