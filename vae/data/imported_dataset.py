"""Data sets that `python -m vae import` made from folders of images, read from disk. Imports no torch.

    VAE_DATA/folders/NAME/      written once to a temporary folder, then renamed; no image changes afterwards
      meta.json                 format version, shape, class names, source, settings; count and fingerprint of splits;
                                the names that the set had before (keeping/changes.py)
      train.npy, …              uint8 (N, C, H, W), memory-mapped when read
      train-labels.npy, …       int64 (N,)
      train-names.txt, …        relative paths of the images' files, one a line; sets of before they were kept have none
      report.json               what was taken, left out and changed; as above

Nothing is ever unpickled. Each file must have the size that meta.json promises; the fingerprints are believed, because
checking them would read every pixel.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from msgspec import Meta

from vae.config import MAX_SIDE, USUAL_READING, ImageReading
from vae.data.image_dataset import SPLITS, DatasetInfo, ImageDataset
from vae.data.report.image_report import ImageReport
from vae.errors import ConfigError, DatasetError, DatasetMissingError, StorageError
from vae.storage import door, kinds, paths, probe
from vae.storage.array_files import map_npy, read_npy
from vae.storage.json_files import read_json
from vae.storage.printing import visible
from vae.storage.reporting import storage_errors_as
from vae.storage.schema import Sha256, integer, read_as, text

FORMAT_VERSION = 1  # as ImportRecord says
META, REPORT = "meta.json", "report.json"
NPY_HEADER = 128  # bytes: NumPy pads the header so that it keeps this length whatever N is
NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
MAX_CLASSES = 10_000
MOST_FORMER = 100  # names
LONGEST_NAME = 10_000  # characters of a relative path
ClassName = Annotated[str, text(1_000)]
Side = Annotated[int, integer(1, MAX_SIDE)]


@dataclass(frozen=True)
class Split:
    """What meta.json says of one split."""

    count: Annotated[int, integer(1, 10**12)]
    fingerprint: Sha256


@dataclass(frozen=True)
class ImportRecord:
    """meta.json, checked."""

    format_version: Literal[1]
    image_shape: tuple[Literal[1, 3], Side, Side]
    class_names: Annotated[
        tuple[ClassName, ...],
        Meta(min_length=1, max_length=MAX_CLASSES, description=f"the names of the classes, at most {MAX_CLASSES:,}"),
    ]
    splits: dict[str, Split]
    reading: ImageReading = USUAL_READING
    former_names: Annotated[tuple[Annotated[str, text(60)], ...], Meta(max_length=MOST_FORMER)] = ()


def folder_of(name: str) -> Path:
    """Where the imported set `name` is. Raises DatasetError for a name that could leave the folder."""
    if not NAME_PATTERN.fullmatch(name):
        raise DatasetError(
            f"{name[:100]!r} is not a data set's name.",
            "Names have up to 60 letters, digits, dots, dashes and underscores, and begin with a letter or digit.",
        )
    return paths.data_dir() / "folders" / name


def images_file(folder: Path, split: str) -> Path:
    return folder / f"{split}.npy"


def labels_file(folder: Path, split: str) -> Path:
    return folder / f"{split}-labels.npy"


def names_file(folder: Path, split: str) -> Path:
    return folder / f"{split}-names.txt"


def names() -> tuple[str, ...]:
    """The imported sets that can be used, by name. Reads only their meta.json."""
    found = [path.name for path in probe.entries(paths.data_dir() / "folders") if NAME_PATTERN.fullmatch(path.name)]
    return tuple(name for name in found if _usable(name))


def _usable(name: str) -> bool:
    try:
        info(name)
    except DatasetError:
        return False
    return True


def all_names() -> tuple[str, ...]:
    """Every imported set, usable or not, by name."""
    found = probe.entries(paths.data_dir() / "folders")
    return tuple(path.name for path in found if NAME_PATTERN.fullmatch(path.name) and probe.is_folder(path))


def is_there(name: str) -> bool:
    """Whether a folder has this name, usable or not, or a usable one had it before."""
    return bool(NAME_PATTERN.fullmatch(name)) and probe.is_folder(_place_of(name))


def _place_of(name: str) -> Path:
    """Where the set is that has this name, or else had it before it was renamed."""
    folder = folder_of(name)
    if probe.is_folder(folder):
        return folder
    return next((folder_of(other) for other in all_names() if name in _former_names(other)), folder)


def _former_names(name: str) -> tuple[str, ...]:
    try:
        return _read_meta(folder_of(name)).former_names
    except DatasetError:
        return ()


def info(name: str) -> DatasetInfo:
    """What is known of the imported set that is called `name`, or was before it was renamed.

    Raises
    ------
    DatasetError
        When meta.json is damaged.
    DatasetMissingError
        When the set, or one of its files, is gone or cut short.
    """
    folder = _place_of(name)
    meta = _read_meta(folder)
    if not _complete(folder, meta):
        raise _gone(folder)
    return DatasetInfo(
        folder.name,
        folder.name,
        meta.image_shape,
        meta.class_names,
        {split: said.count for split, said in meta.splits.items()},
        download_mb=0,
        load_split=lambda split: _load(folder, split),
        on_this_machine=lambda: _usable(name),
        changed=lambda: _changed(folder),
        reading=meta.reading,
        imported=True,
    )


def report(name: str) -> ImageReport | None:
    """What the import of set `name` took, left out and changed; None for a set of before reports were kept.

    Raises DatasetError for one that is damaged.
    """
    path = _place_of(name) / REPORT
    if not probe.is_there(path):
        return None
    with storage_errors_as(DatasetError, "Delete the folder and import the images again."):
        values, _ = read_json(path, kinds.IMPORT_REPORT)
        return read_as(values, ImageReport, str(path))


def _gone(folder: Path) -> DatasetMissingError:
    return DatasetMissingError(
        f"The images of {folder.name} are no longer on this machine, or not all of them (looked in {folder}).",
        f"Delete what is left of that folder, then import them again: `python -m vae import {folder.name} FOLDER`.",
    )


def _changed(folder: Path) -> int:
    return probe.changed(folder / META)


def _complete(folder: Path, meta: ImportRecord) -> bool:
    """Whether every file has the size it should have."""
    values = int(np.prod(meta.image_shape))
    return all(
        _has(images_file(folder, split), NPY_HEADER + said.count * values)
        and _has(labels_file(folder, split), NPY_HEADER + said.count * 8)
        for split, said in meta.splits.items()
    )


def _has(path: Path, size: int) -> bool:
    found = probe.stamp(path)
    return found is not None and found.size == size


# --- meta.json --------------------------------------------------------------------------------------------------------


def _read_meta(folder: Path) -> ImportRecord:
    if not probe.is_there(folder / META):
        raise _gone(folder)
    with storage_errors_as(DatasetError, "Delete the folder and import the images again."):
        values, _ = read_json(folder / META, kinds.IMPORTED)
        try:
            meta = read_as(values, ImportRecord, str(folder / META))
        except ConfigError as error:  # of how its files were read
            raise StorageError(f"{folder / META}: {error.message}") from error
        if lacking := [split for split in SPLITS if split not in meta.splits]:
            raise StorageError(f"{folder / META}: splits lacks {', '.join(lacking)}.")
    return meta


# --- pixels -----------------------------------------------------------------------------------------------------------


def _load(folder: Path, split: str) -> ImageDataset:
    meta = _read_meta(folder)
    if not _complete(folder, meta):
        raise _gone(folder)
    said = meta.splits[split]
    with storage_errors_as(DatasetError, "Delete the folder and import the images again."):
        images = map_npy(images_file(folder, split), kinds.IMPORTED_IMAGES)
        labels = read_npy(labels_file(folder, split), kinds.IMPORTED_LABELS)
    if images.shape != (said.count, *meta.image_shape) or images.dtype != np.uint8 or labels.dtype != np.int64:
        raise DatasetError(
            f"{folder.name} {split} holds images {images.shape}, {META} promises {(said.count, *meta.image_shape)}.",
            "Delete the folder and import the images again.",
        )
    if labels.shape != (said.count,) or labels.min() < 0 or labels.max() >= len(meta.class_names):
        raise DatasetError(f"{folder.name} {split} has labels that name no class.", "Import the images again.")
    return ImageDataset(
        folder.name,
        split,
        images,
        labels,
        meta.class_names,
        said.fingerprint,
        lambda: _file_names(folder, split, said.count),
    )


def _file_names(folder: Path, split: str, count: int) -> tuple[str, ...] | None:
    """One for each image; None where none were kept. Raises DatasetError for others than that."""
    path = names_file(folder, split)
    if not probe.is_there(path):
        return None
    with storage_errors_as(DatasetError, "Delete the folder and import the images again."):
        raw = door.read(path, kinds.IMPORTED_NAMES)
        if (lines := raw.count(b"\n")) != count or not raw.endswith(b"\n"):  # before a list of millions is made
            raise StorageError(f"{path} has {lines:,} names, expected {count:,} and nothing else.")
        found = tuple(map(visible, raw.decode("utf-8", "replace").split("\n")[:-1]))
        if long := next((name for name in found if len(name) > LONGEST_NAME), ""):
            raise StorageError(f"{path} has a name of {len(long):,} characters, expected at most {LONGEST_NAME:,}.")
    return found
