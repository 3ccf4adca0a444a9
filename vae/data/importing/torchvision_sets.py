"""Public data sets that torchvision downloads, imported like images of one's own. Loads torch.

Which ones there are is read off torchvision's classes: those of labelled images that can be downloaded and say by their
arguments how their training and test images are had.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from vae.budget import limits
from vae.budget.needs import Need
from vae.data import datasets, import_folder
from vae.data.import_folder import ImportResult, ImportSettings
from vae.data.importing.array_pictures import ArrayPictures, ImageArray
from vae.data.report.left_out import LeftOut
from vae.errors import DatasetError

SPLITS = ("train", "test")


@dataclass(frozen=True)
class PublicSet:
    """One set: its name here, what torchvision calls it, its class, and the arguments for training and test images."""

    name: str
    title: str
    kind: type[Any]
    arguments: Mapping[str, Mapping[str, Any]]

    def download(self, folder: Path) -> dict[str, Any]:
        """Both parts, in torchvision's own form, with their files below `folder`. Raises what torchvision raises."""
        return {
            split: self.kind(str(folder), download=True, **arguments) for split, arguments in self.arguments.items()
        }


def offered() -> list[PublicSet]:
    """All of them, by name, but for those that are built in."""
    from torchvision import datasets as public
    from torchvision.datasets import VisionDataset

    kinds = (getattr(public, name) for name in sorted(public.__all__))
    found = [
        known for kind in kinds if isinstance(kind, type) and issubclass(kind, VisionDataset) for known in _sets(kind)
    ]
    return [known for known in found if not datasets.is_built_in(known.name)]


def named(name: str) -> PublicSet | None:
    """The set with this name, in whatever case."""
    return next((known for known in offered() if known.name == name.lower()), None)


def _sets(kind: type[Any]) -> Iterator[PublicSet]:
    """What one of torchvision's classes offers: nothing, one set, or a set for each of its variants."""
    known = _parameters(kind)
    required = {name for name, one in known.items() if one.default is one.empty and one.kind is not one.VAR_KEYWORD}
    if "download" not in known or "transforms" in known:  # joint transforms: its targets are more than a class
        return
    parts = tuple(getattr(kind, "split_list", ()) or getattr(kind, "splits", ()))
    name = kind.__name__.lower()
    if "train" in known and required <= {"root"}:
        yield PublicSet(name, kind.__name__, kind, {split: {"train": split == "train"} for split in SPLITS})
    elif "train" in known and required <= {"root", "split"}:
        for part in parts:
            both = {split: {"split": part, "train": split == "train"} for split in SPLITS}
            yield PublicSet(f"{name}-{part}", f"{kind.__name__} {part}", kind, both)
    elif "split" in known and required <= {"root"} and set(SPLITS) <= set(parts):
        yield PublicSet(name, kind.__name__, kind, {split: {"split": split} for split in SPLITS})


def _parameters(kind: type[Any]) -> dict[str, inspect.Parameter]:
    """Of its constructor, and of those that it hands its other arguments to."""
    found: dict[str, inspect.Parameter] = {}
    for base in kind.__mro__:
        if "__init__" not in vars(base):
            continue
        own = dict(list(inspect.signature(vars(base)["__init__"]).parameters.items())[1:])
        found = own | found
        if not any(one.kind is one.VAR_KEYWORD for one in own.values()):
            break
    return {name: one for name, one in found.items() if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)}


def write(
    public: PublicSet, parts: Mapping[str, Any], on_images: Callable[[int, int], None] = lambda done, total: None
) -> ImportResult:
    """Import both parts of what was downloaded, at their own size, and return what became of it.

    Raises DatasetError for what is no set of labelled images of one size, and BudgetError where memory is too small.
    """
    arrays, values = [], np.unique(np.concatenate([_labels(public, parts[split]) for split in SPLITS]))
    for split in SPLITS:
        numbers = np.searchsorted(values, _labels(public, parts[split]))
        arrays.append(ImageArray(split, _images(public, parts[split]), numbers.astype(np.int64), split))
    if len({array.images.shape[1:] for array in arrays}) > 1:
        raise _unsuitable(public, "training and test images of two shapes")
    names = [str(name) for name in getattr(parts["train"], "classes", ())]
    class_names = tuple(names[value] if 0 <= value < len(names) else str(value) for value in values.tolist())
    pictures = ArrayPictures(f"torchvision {public.title}", tuple(arrays), (0.0, 255.0), False, class_names)
    height, width = pictures.side
    settings = ImportSettings(height, width)
    return import_folder.write_pictures(public.name, pictures, pictures.layout(), LeftOut(), settings, on_images)


def _labels(public: PublicSet, part: Any) -> np.ndarray[Any, np.dtype[np.int64]]:
    """(N,) whichever of torchvision's names they have; else by looking at every image."""
    found = next((getattr(part, name) for name in ("targets", "labels") if hasattr(part, name)), None)
    labels = np.asarray(found if found is not None else [label for _, label in _each(part)])
    if labels.shape != (len(part),) or labels.dtype.kind not in "iu":
        raise _unsuitable(public, f"labels {labels.shape} of {labels.dtype} for {len(part):,} images")
    return labels.astype(np.int64)


def _images(public: PublicSet, part: Any) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """(N, H, W) or (N, H, W, 3), read one by one, as torchvision shows them."""
    images: np.ndarray[Any, np.dtype[np.uint8]] | None = None
    for row, (image, _) in enumerate(_each(part)):
        if not isinstance(image, Image.Image):
            raise _unsuitable(public, f"images of type {type(image).__name__}")
        pixels = np.asarray(image if image.mode in ("L", "RGB") else image.convert("RGB"))
        if images is None:
            limits.check_memory(Need(images=2 * len(part) * pixels.nbytes), f"Reading {public.title}")
            images = np.empty((len(part), *pixels.shape), np.uint8)
        if pixels.shape != images.shape[1:]:
            raise _unsuitable(public, f"images of several shapes: {images.shape[1:]} and {pixels.shape}")
        images[row] = pixels
    if images is None:
        raise _unsuitable(public, "no images")
    return images


def _each(part: Any) -> Iterator[tuple[Any, Any]]:
    return (part[row] for row in range(len(part)))


def _unsuitable(public: PublicSet, what: str) -> DatasetError:
    return DatasetError(f"{public.title} has {what}, expected labelled images of one size.", "Choose another set.")
