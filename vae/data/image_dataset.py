"""What a data set is in memory: one split's images, and what is known before they are read. Imports no torch."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from vae.config import USUAL_READING, ImageReading
from vae.errors import DatasetError

SPLITS = ("train", "validation", "test")
HASH_BYTES = 16 * 2**20  # pixels hashed at a time: a memory-mapped split is never in memory as a whole


def _nameless() -> None:
    """The names of images that never were files."""


@dataclass(frozen=True)
class ImageDataset:
    """One split: images (N, C, H, W) uint8, labels (N,) int64, class names; arrays are read-only.

    `images` may be a memory map. `read_names` gives the relative path of each image's file as somebody had it, None
    where there were no files or their names were not kept. Who knows the fingerprint already passes it as
    `known_fingerprint`, so that the pixels are not read for it.
    """

    name: str
    split: str
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    known_fingerprint: str | None = field(default=None, repr=False)
    read_names: Callable[[], tuple[str, ...] | None] = field(default=_nameless, repr=False)

    def __post_init__(self) -> None:
        if self.images.ndim != 4 or self.images.dtype != np.uint8 or len(self.images) != len(self.labels):
            raise DatasetError(
                f"{self.name} {self.split} has images {self.images.shape} of {self.images.dtype} and "
                f"{len(self.labels):,} labels, expected uint8 (N, C, H, W) and one label an image."
            )
        self.images.flags.writeable = False
        self.labels.flags.writeable = False

    def __len__(self) -> int:
        return len(self.images)

    def check_labels(self) -> None:
        """Raise DatasetError for a label that names no class: it would be noticed after a training, not before."""
        least, most = (int(self.labels.min()), int(self.labels.max())) if len(self.labels) else (0, 0)
        if len(self.labels) and not 0 <= least <= most < len(self.class_names):
            raise DatasetError(
                f"{self.name} {self.split} has labels from {least} to {most}, expected 0 to "
                f"{len(self.class_names) - 1}: the numbers of its classes.",
                "Fetch or import the images again.",
            )

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W)."""
        channels, height, width = self.images.shape[1:]
        return (channels, height, width)

    def only(self, classes: Sequence[str]) -> ImageDataset:
        """The images of these classes, read into memory; all images, as they are, for no classes.

        Raises DatasetError when there are none.
        """
        if not classes:
            return self
        wanted = [label for label, name in enumerate(self.class_names) if name in classes]
        rows = np.flatnonzero(np.isin(self.labels, wanted))
        if not len(rows):
            raise DatasetError(f"{self.name} {self.split} has no image of class {', '.join(classes)[:80]}.")
        names = self.file_names
        of_rows = None if names is None else tuple(names[row] for row in rows)
        return ImageDataset(
            self.name, self.split, self.images[rows], self.labels[rows], self.class_names, read_names=lambda: of_rows
        )

    @cached_property
    def file_names(self) -> tuple[str, ...] | None:
        """(N,) relative paths of the images' files, printable; None where they are not known."""
        return self.read_names()

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over shape, pixels and labels, as hexadecimal digits: the key for caches and checkpoints."""
        return self.known_fingerprint or fingerprint(self.images, self.labels)


def fingerprint(images: NDArray[np.uint8], labels: NDArray[np.int64]) -> str:
    """SHA-256 over shape, pixels and labels; reads a memory map piece by piece."""
    digest = hashlib.sha256(repr(images.shape).encode())
    rows = max(1, HASH_BYTES // max(1, images[:1].nbytes))
    for start in range(0, len(images), rows):
        digest.update(images[start : start + rows].tobytes())
    digest.update(labels.astype("<i8").tobytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class DatasetInfo:
    """What is known of a data set before its images are read.

    `counts` says how many images each split has. `download_mb` is 0 for what can't be downloaded. `changed()` is a
    number that differs once the files were replaced. `reading` says how other files are read so that they are like it.
    """

    name: str
    title: str
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    counts: Mapping[str, int]
    download_mb: int
    load_split: Callable[[str], ImageDataset] = field(repr=False)
    on_this_machine: Callable[[], bool] = field(repr=False)
    changed: Callable[[], int] = field(repr=False)
    reading: ImageReading = USUAL_READING
    imported: bool = False
