"""MNIST, 28×28, from the files that torchvision keeps. Imports no torch.

torchvision's test file is test (10,000); the last 5,000 of the training file are validation, the 55,000 before them
train.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vae.data.image_dataset import DatasetInfo, ImageDataset
from vae.errors import DatasetError, DatasetMissingError
from vae.storage import kinds, paths, probe
from vae.storage.array_files import read_idx
from vae.storage.reporting import storage_errors_as

VALIDATION = 5_000
CLASS_NAMES = tuple("0123456789")


def raw_dir() -> Path:
    """Where torchvision keeps MNIST's four uncompressed files, below `VAE_DATA`."""
    return paths.data_dir() / "MNIST" / "raw"


def _file(train: bool, kind: str) -> Path:
    return raw_dir() / f"{'train' if train else 't10k'}-{kind}-ubyte"


def _on_this_machine() -> bool:
    return all(probe.is_file(_file(train, kind)) for train in (True, False) for kind in ("images-idx3", "labels-idx1"))


def _changed() -> int:
    return probe.changed(raw_dir())  # images fetched again are read again


def _load(split: str) -> ImageDataset:
    train = split != "test"
    if not _on_this_machine():
        raise DatasetMissingError(
            f"MNIST's images are not on this machine (looked in {raw_dir()}).",
            "Fetch them (11 MB) with `python -m vae fetch mnist`, or point VAE_DATA at a folder that has them.",
        )
    images = _read(train, "images-idx3")
    labels = _read(train, "labels-idx1")
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


def _read(train: bool, kind: str) -> NDArray[np.uint8]:
    with storage_errors_as(DatasetError, "Delete it and fetch the data set again."):
        return read_idx(_file(train, kind), kinds.IDX)


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
