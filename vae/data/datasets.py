"""Image data sets with fixed splits: uint8 images, labels, class names and a fingerprint. Imports no torch.

Splits never change, so numbers stay comparable:

- `digits` (scikit-learn's, 8×8, always there): one fixed permutation of its 1,797 images; the first 360 are test, the
  next 180 validation, the remaining 1,257 train.
- `mnist` (28×28): torchvision's test file is test (10,000); the last 5,000 of the training file are validation, the
  55,000 before them train.
- what `python -m vae import` made (imported.py): fixed when it was imported, see image_folders.py.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vae.data import imported_dataset
from vae.data.image_dataset import SPLITS, DatasetInfo, ImageDataset
from vae.errors import DatasetError, DatasetMissingError
from vae.storage import paths

__all__ = [
    "SPLITS",
    "DatasetInfo",
    "ImageDataset",
    "info",
    "is_built_in",
    "is_known",
    "load",
    "mnist_raw_dir",
    "names",
    "read_idx",
]
MNIST_VALIDATION = 5_000
DIGITS_TEST, DIGITS_VALIDATION, DIGITS_SEED = 360, 180, 0


def names() -> tuple[str, ...]:
    """The names that `load` takes: the built-in ones, then imported sets that can be used."""
    return (*_REGISTRY, *(name for name in imported_dataset.names() if not is_built_in(name)))


def is_built_in(name: str) -> bool:
    """Whether `name` is taken by a data set that everybody has, in whatever case."""
    return name.lower() in _REGISTRY


def is_known(name: str) -> bool:
    """Whether `info` has more to say of `name` than that it is unknown; the set may still be damaged."""
    return name in _REGISTRY or (imported_dataset.is_there(name) and not is_built_in(name))


def info(name: str) -> DatasetInfo:
    """What is known of data set `name`. Raises DatasetError for an unknown or damaged one, saying why."""
    if is_known(name):
        return _REGISTRY[name] if name in _REGISTRY else imported_dataset.info(name)
    raise DatasetError(f"Unknown data set {name!r}.", f"Known ones: {', '.join(names())}.")


def load(name: str, split: str) -> ImageDataset:
    """Read one split.

    Raises
    ------
    DatasetError
        For an unknown name or split, or files that are damaged.
    DatasetMissingError
        When the images are not on this machine. Nothing is ever downloaded from here.
    """
    known = info(name)
    if split not in SPLITS:
        raise DatasetError(f"Unknown split {split!r}.", f"Expected one of {', '.join(SPLITS)}.")
    return known.load_split(split)


# --- digits -----------------------------------------------------------------------------------------------------------


def _load_digits(split: str) -> ImageDataset:
    from sklearn.datasets import load_digits  # takes a second: only where digits are read

    bunch = load_digits()
    order = np.random.Generator(np.random.PCG64(DIGITS_SEED)).permutation(len(bunch.images))
    bounds = {
        "test": slice(0, DIGITS_TEST),
        "validation": slice(DIGITS_TEST, DIGITS_TEST + DIGITS_VALIDATION),
        "train": slice(DIGITS_TEST + DIGITS_VALIDATION, None),
    }
    rows = order[bounds[split]]
    pixels = np.round(bunch.images[rows] * (255 / 16)).astype(np.uint8)  # stored as counts 0..16
    return ImageDataset("digits", split, pixels[:, None], bunch.target[rows].astype(np.int64), _DIGIT_NAMES)


# --- mnist ------------------------------------------------------------------------------------------------------------


def mnist_raw_dir() -> Path:
    """Where torchvision keeps MNIST's four uncompressed files, below `VAE_DATA`."""
    return paths.data_dir() / "MNIST" / "raw"


def _mnist_file(train: bool, kind: str) -> Path:
    return mnist_raw_dir() / f"{'train' if train else 't10k'}-{kind}-ubyte"


def _mnist_on_this_machine() -> bool:
    return all(_mnist_file(train, kind).is_file() for train in (True, False) for kind in ("images-idx3", "labels-idx1"))


def _mnist_changed() -> int:
    folder = mnist_raw_dir()
    return folder.stat().st_mtime_ns if folder.is_dir() else 0  # images fetched again are read again


def _load_mnist(split: str) -> ImageDataset:
    train = split != "test"
    if not _mnist_on_this_machine():
        raise DatasetMissingError(
            f"MNIST's images are not on this machine (looked in {mnist_raw_dir()}).",
            "Fetch them (11 MB) with `python -m vae fetch mnist`, or point VAE_DATA at a folder that has them.",
        )
    images = read_idx(_mnist_file(train, "images-idx3"))
    labels = read_idx(_mnist_file(train, "labels-idx1"))
    expected = 60_000 if train else 10_000
    if images.shape != (expected, 28, 28) or labels.shape != (expected,):
        raise DatasetError(
            f"MNIST's files hold {images.shape} images and {labels.shape} labels, expected {expected:,} of 28×28.",
            f"Delete {mnist_raw_dir()} and run `python -m vae fetch mnist`.",
        )
    rows = slice(None)
    if train:
        rows = slice(0, -MNIST_VALIDATION) if split == "train" else slice(-MNIST_VALIDATION, None)
    return ImageDataset("mnist", split, images[rows, None], labels[rows].astype(np.int64), _DIGIT_NAMES)


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


_DIGIT_NAMES = tuple("0123456789")
_REGISTRY: dict[str, DatasetInfo] = {
    "digits": DatasetInfo(
        "digits", "scikit-learn digits", (1, 8, 8), _DIGIT_NAMES, 0, _load_digits, lambda: True, lambda: 0
    ),
    "mnist": DatasetInfo(
        "mnist", "MNIST", (1, 28, 28), _DIGIT_NAMES, 11, _load_mnist, _mnist_on_this_machine, _mnist_changed
    ),
}
