"""Find the image files of a folder, and divide them into splits.

The split is fixed by the names of the files: a permutation, seeded by 0, of the sorted relative paths of all images; of
it the first 10 % are test (at most 10,000), the next 5 % validation (at most 5,000), the rest train.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vae.errors import DatasetError
from vae.storage import probe
from vae.storage.printing import visible

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif")
MIN_IMAGES = 20
MAX_CLASSES = 10_000
LONGEST_NAME = 255  # characters of a class, which a folder has unless it has many that must be written out
SHARES = {"test": (10, 10_000), "validation": (20, 5_000)}  # one image in so many, at most so many
SPLIT_SEED = 0


@dataclass(frozen=True)
class Found:
    """Image files below a folder: relative paths, sorted, and the class of each."""

    root: Path
    files: list[str]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]


def find(root: Path) -> Found:
    """Images by their names' endings. Each sub-folder is a class and all that is below it belongs to it, as in
    torchvision's ImageFolder; without any, the images in `root` are one class. Hidden files are passed over.

    Raises DatasetError when there are none, or a folder can't be read.
    """
    if (why := probe.why_closed(root)) and not probe.is_file(root):
        raise DatasetError(f"{root!s:.300} can't be read: {why}.")
    try:
        if not probe.is_folder(root):
            raise DatasetError(
                f"There is no folder {root}.", "Give a folder of images, or of one folder for each class."
            )
        with os.scandir(root) as entries:
            classes = sorted(e.name for e in entries if _is(e.is_dir) and not e.name.startswith("."))
        below = {name: _files(images_below(root / name, _fail), root) for name in classes}
        below = {name: files for name, files in below.items() if files}
        if not below:
            below = {"images": _files(images_below(root, _fail), root)}
    except OSError as error:
        raise DatasetError(f"{(error.filename or root)!s:.300} can't be read: {error.strerror}.") from error
    labelled = sorted((file, label) for label, files in enumerate(below.values()) for file in files)
    if not labelled:
        raise DatasetError(f"{root} holds no images.", f"Expected files ending in {', '.join(ENDINGS)}.")
    if len(below) > MAX_CLASSES:
        raise DatasetError(f"{root} has {len(below):,} folders with images, expected at most {MAX_CLASSES:,} classes.")
    labels = np.array([label for _, label in labelled], np.int64)
    return Found(root, [file for file, _ in labelled], labels, tuple(visible(name)[:LONGEST_NAME] for name in below))


def _fail(error: OSError) -> None:
    raise error


def _files(entries: Iterator[os.DirEntry[str]], root: Path) -> list[str]:
    """Those that are files, as paths below `root`."""
    return [Path(entry.path).relative_to(root).as_posix() for entry in entries if _is(entry.is_file)]


def images_below(folder: Path, on_error: Callable[[OSError], None]) -> Iterator[os.DirEntry[str]]:
    """Those of `entries_below` that are images."""
    return (entry for entry in entries_below(folder, on_error) if is_image(entry))


def is_image(entry: os.DirEntry[str]) -> bool:
    """Whether it has an image's ending; also what is no file, such as a pipe or a broken link."""
    return entry.name.lower().endswith(ENDINGS) and not _is(entry.is_dir)


def entries_below(folder: Path, on_error: Callable[[OSError], None]) -> Iterator[os.DirEntry[str]]:
    """Files and folders at any depth, in no order, found as they are asked for.

    Hidden ones are passed over, links to folders not followed: they could go in circles. `on_error` gets what a folder
    raises that can't be read; it may raise, or the rest goes on.
    """
    folders = [os.fspath(folder)]
    while folders:
        try:
            with os.scandir(folders.pop()) as listed:
                for entry in listed:
                    if entry.name.startswith("."):
                        continue
                    if _is(entry.is_dir) and not entry.is_symlink():
                        folders.append(entry.path)
                    yield entry
        except OSError as error:
            on_error(error)


def _is(test: Callable[[], bool]) -> bool:
    """What an entry says of itself; a link that leads in a circle is nothing."""
    try:
        return test()
    except OSError:
        return False


def split_rows(count: int, max_images: int | None = None) -> dict[str, NDArray[np.int64]]:
    """Rows of each split, as the module says; `max_images` keeps the first of the permutation."""
    order = np.random.Generator(np.random.PCG64(SPLIT_SEED)).permutation(count)[:max_images]
    if len(order) < MIN_IMAGES:
        raise DatasetError(
            f"There are {len(order)} images, expected at least {MIN_IMAGES}: three splits need some each."
        )
    test, validation = (min(len(order) // one_in, most) for one_in, most in SHARES.values())
    rows = np.split(order, [test, test + validation])
    return dict(zip(("test", "validation", "train"), rows, strict=True))
