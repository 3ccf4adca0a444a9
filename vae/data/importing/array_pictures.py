"""Images in an NPZ, as NumPy's `savez` writes it: name and shape tell which arrays are images, labels and splits."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae.budget import limits
from vae.budget.needs import Need
from vae.config import MAX_SIDE, ImageReading
from vae.data import image_decoding
from vae.data.decoding.part import DecodedPart
from vae.data.folders import words
from vae.data.folders.image_names import natural
from vae.data.folders.layout import ONE_CLASS, FolderLayout
from vae.data.image_decoding import DIGEST_BYTES, Decoded, Format, ImageFacts, Pixels
from vae.data.imported_dataset import MAX_CLASSES
from vae.data.importing import archive_files
from vae.errors import DatasetError, StorageError
from vae.storage.printing import visible

LONGEST_CLASS = 255  # characters
AT_ONCE = 256  # images
HOW = "numpy.savez('own.npz', images=images, labels=labels) writes what is expected."
Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class ImageArray:
    """(N, H, W) or (N, H, W, 1 or 3) of one type, its labels (N,) where it has any, and the split its name says."""

    name: str
    images: Array
    labels: Array | None
    split: str


@dataclass(frozen=True, eq=False)
class ArrayPictures:
    """The images of an NPZ, called by array and number.

    `values` are those that become black and white; `deep` says whether these are not what the type or [0, 1] suggests.
    """

    source: str
    arrays: tuple[ImageArray, ...]
    values: tuple[float, float]
    deep: bool
    class_names: tuple[str, ...]
    _places: dict[str, tuple[int, int]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for number, array in enumerate(self.arrays):
            digits = len(str(len(array.images) - 1))
            self._places.update({f"{array.name}/{row:0{digits}d}": (number, row) for row in range(len(array.images))})

    @property
    def side(self) -> tuple[int, int]:
        """(height, width) of the first array's images."""
        height, width = self.arrays[0].images.shape[1:3]
        return height, width

    def pixel_counts(self, names: Sequence[str]) -> list[int]:
        return [int(np.prod(self.arrays[self._places[name][0]].images.shape[1:3])) for name in names]

    def decoded(self, names: Sequence[str], form: Format, reading: ImageReading) -> Generator[DecodedPart]:
        for start in range(0, len(names), AT_ONCE):
            images = [self._decoded(name, form, reading) for name in names[start : start + AT_ONCE]]
            yield DecodedPart(np.stack([one.pixels for one in images]), [one.facts for one in images])

    def layout(self) -> FolderLayout:
        """Classes and splits."""
        files = list(self._places)
        given = [array for array in self.arrays if array.labels is not None]
        labels = np.zeros(len(files), np.int64)
        if given:
            labels = np.concatenate([array.labels for array in given if array.labels is not None])
        splits = [array.split for array in self.arrays for _ in range(len(array.images))]
        several = len({array.split for array in self.arrays}) > 1
        names = ", ".join(array.name for array in self.arrays)
        return FolderLayout(
            files,
            labels,
            self.class_names,
            splits if several else [""] * len(files),
            "from the labels" if given else "none: the file has no labels",
            f"the arrays {names}" if several else "the images' content",
        )

    def _decoded(self, name: str, form: Format, reading: ImageReading) -> Decoded:
        number, row = self._places[name]
        image = self.arrays[number].images[row]
        digest = hashlib.blake2b(np.ascontiguousarray(image).tobytes(), digest_size=DIGEST_BYTES).digest()
        low, high = reading.values or self.values
        if image.dtype == np.uint8 and not reading.values:
            pixels = image
        else:
            scaled = (image.astype(np.float64) - low) * (255 / max(high - low, 1e-30))
            pixels = scaled.round().clip(0, 255).astype(np.uint8)
        stacked: Pixels = pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(pixels.transpose(2, 0, 1))
        height, width = stacked.shape[1:]
        facts = ImageFacts(
            (width, height),
            cropped=image_decoding.is_cropped(width, height, form, reading),
            enlarged=width < form.width or height < form.height,
            coloured=len(stacked) == 3 and image_decoding.has_colour(stacked),
            deep=self.deep,
            fractions=image.dtype.kind == "f",
            low=self.values[0],
            high=self.values[1],
            digest=digest,
        )
        return Decoded(image_decoding.fitted(stacked[None], form.shape, reading)[0], facts)


def pictures_in(archive: zipfile.ZipFile, where: str) -> ArrayPictures:
    """What an NPZ holds. Raises DatasetError for arrays that are no images, BudgetError where memory is too small."""
    limits.check_memory(
        Need(images=2 * archive_files.array_sizes(archive)), f"Reading {where}", "Make several smaller ones."
    )
    try:
        arrays = archive_files.read_arrays(archive, where)
    except StorageError as error:
        raise DatasetError(error.message, error.hint or HOW) from error
    images = {name: _as_images(array) for name, array in arrays.items() if array.ndim in (3, 4)}
    if not images or any(not len(array) for array in images.values()):
        told = ", ".join(f"{visible(name)[:40]} {array.shape}" for name, array in list(arrays.items())[:5])
        raise DatasetError(
            f"{where} holds no images: {told or 'it is empty'}; expected an array (N, H, W) or (N, H, W, 3).", HOW
        )
    found = [
        ImageArray(name, array, _labels_of(name, len(array), arrays, len(images), where), _split_of(name) or "train")
        for name, array in sorted(images.items(), key=lambda item: natural(item[0]))
    ]
    _check_alike(found, where)
    found, class_names = _with_classes(found, arrays, where)
    low, high, deep = _values(found, where)
    return ArrayPictures(where, tuple(found), (low, high), deep, class_names)


def _as_images(array: Array) -> Array:
    """(N, H, W) or (N, H, W, C) of what may have its channels first. Raises DatasetError for other shapes."""
    told = array.shape
    if array.ndim == 4 and array.shape[3] not in (1, 3) and array.shape[1] in (1, 3):
        array = array.transpose(0, 2, 3, 1)
    if array.ndim == 4 and array.shape[3] == 1:
        array = array[..., 0]
    sides = array.shape[1:3]
    if (
        array.dtype.kind == "U"
        or (array.ndim == 4 and array.shape[3] != 3)
        or not 1 <= min(sides) <= max(sides) <= 8 * MAX_SIDE
    ):
        raise DatasetError(
            f"An array of {array.dtype} has the shape {told}, expected numbers (N, H, W), "
            "(N, H, W, 3) or (N, 3, H, W).",
            HOW,
        )
    return array


def _split_of(name: str) -> str | None:
    return next((split for part in name.replace("-", "_").split("_") if (split := words.split_of(part))), None)


def _labels_of(name: str, count: int, arrays: dict[str, Array], of_images: int, where: str) -> Array | None:
    """The only array of one number or text for each image, of the same split where there are several."""
    offered = {
        other: array.reshape(-1)
        for other, array in arrays.items()
        if (array.dtype.kind in "biuU" or _are_whole(array)) and array.shape in ((count,), (count, 1))
    }
    if of_images > 1:
        offered = {other: array for other, array in offered.items() if _split_of(other) == _split_of(name)}
    if len(offered) > 1:
        named = {
            other: array
            for other, array in offered.items()
            if "label" in other.lower() or other.lower() in ("y", "target", "targets", "classes")
        }
        offered = named or offered
    if len(offered) > 1:
        raise DatasetError(
            f"{where} has {len(offered)} arrays that could be the labels of {visible(name)[:40]}: "
            f"{visible(', '.join(offered))[:200]}; expected one.",
            "Keep one of them, and call it labels.",
        )
    return next(iter(offered.values()), None)


def _are_whole(array: Array) -> bool:
    """Whether numbers with a point are all whole, as labels are that somebody has kept so."""
    return array.dtype.kind == "f" and bool(np.isfinite(array).all() and (array == np.round(array)).all())


def _check_alike(found: list[ImageArray], where: str) -> None:
    shapes = {array.images.shape[1:] for array in found}
    if len(shapes) > 1:
        raise DatasetError(f"{where} has images of {len(shapes)} shapes, expected one.", HOW)
    if len({array.labels is None for array in found}) > 1:
        lacking = ", ".join(array.name for array in found if array.labels is None)
        raise DatasetError(
            f"{where} has no labels for {visible(lacking)[:100]}, expected them for all images or none.", HOW
        )


def _with_classes(
    found: list[ImageArray], arrays: dict[str, Array], where: str
) -> tuple[list[ImageArray], tuple[str, ...]]:
    """The labels as numbers from 0, and what they are called."""
    every = [array.labels for array in found if array.labels is not None]
    if not every:
        return found, (ONE_CLASS,)
    together = np.concatenate(every)
    values, numbers = np.unique(
        together.astype(np.int64) if together.dtype.kind in "bf" else together, return_inverse=True
    )
    if len(values) > MAX_CLASSES:
        raise DatasetError(
            f"{where} has {len(values):,} different labels, expected at most {MAX_CLASSES:,}.",
            "Labels are numbers or names of classes, one for each image.",
        )
    names = _class_names(values, arrays)
    ends = np.cumsum([len(labels) for labels in every])[:-1]
    parts = np.split(numbers.astype(np.int64), ends)
    labelled = [
        ImageArray(array.name, array.images, part, array.split) for array, part in zip(found, parts, strict=True)
    ]
    return labelled, names


def _class_names(values: Array, arrays: dict[str, Array]) -> tuple[str, ...]:
    """What labels are called: an array of text with a name for each number up to the largest, else the label itself."""
    if values.dtype.kind in "iu" and values.min() >= 0:
        for array in arrays.values():
            if array.dtype.kind == "U" and array.ndim == 1 and int(values.max()) < len(array) <= MAX_CLASSES:
                named = [visible(str(array[int(value)]))[:LONGEST_CLASS] or str(value) for value in values]
                if len(set(named)) == len(named):
                    return tuple(named)
    return tuple(visible(str(value))[:LONGEST_CLASS] or "(empty)" for value in values)


def _values(found: list[ImageArray], where: str) -> tuple[float, float, bool]:
    """What becomes black and white, and whether it is the range of these very images."""
    if all(array.images.dtype == np.uint8 for array in found):
        return 0.0, 255.0, False
    lows, highs = zip(*((float(array.images.min()), float(array.images.max())) for array in found), strict=True)
    low, high = min(lows), max(highs)
    if not np.isfinite(low + high):
        raise DatasetError(f"{where} holds values that are no finite numbers, expected only finite ones.", HOW)
    if all(array.images.dtype.kind in "bf" for array in found) and low >= 0 and high <= 1:
        return 0.0, 1.0, False
    return (0.0, 255.0, False) if low >= 0 and 1 < high <= 255 else (low, high, low < high)
