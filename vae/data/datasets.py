"""The registry of image data sets with fixed splits, and how one is loaded. Imports no torch.

Splits never change, so that numbers stay comparable. A built-in set is a module with an `INFO`; what `python -m vae
import` made (imported_dataset.py) is fixed when it is imported, see splitting.py.
"""

from __future__ import annotations

from pathlib import Path

from vae import recognition
from vae.data import imported_dataset
from vae.data.built_in import digits, mnist, shapes
from vae.data.image_dataset import SPLITS, DatasetInfo, ImageDataset
from vae.data.report.image_report import ImageReport
from vae.errors import DatasetError
from vae.storage.validation import short

RENDERED = (shapes.INFO, shapes.INFO_64)
BUILT_IN: dict[str, DatasetInfo] = {known.name: known for known in (digits.INFO, mnist.INFO, *RENDERED)}


def names() -> tuple[str, ...]:
    """The names that `load` takes: the built-in ones, then imported sets that can be used."""
    imported = [name for name in imported_dataset.names() if not is_built_in(name) or _came_first(name)]
    return (*(name for name in BUILT_IN if name not in imported), *imported)


def is_built_in(name: str) -> bool:
    """Whether `name` is taken by a data set that everybody has, in whatever case."""
    return name.lower() in BUILT_IN


def _came_first(name: str) -> bool:
    """Whether somebody imported images of their own under this name before it was built in: these stay theirs."""
    return any(name == known.name for known in RENDERED) and imported_dataset.is_there(name)


def is_known(name: str) -> bool:
    """Whether `info` has more to say of `name` than that it is unknown; the set may still be damaged."""
    return name in BUILT_IN or (imported_dataset.is_there(name) and not is_built_in(name))


def info(name: str) -> DatasetInfo:
    """What is known of data set `name`. Raises DatasetError for an unknown or damaged one, saying why."""
    if is_known(name):
        ours = name in BUILT_IN and not _came_first(name)
        return BUILT_IN[name] if ours else imported_dataset.info(name)
    known = f"Known ones: {', '.join(names())}."
    found = recognition.at(Path(name)) if Path(name).name not in ("", "..") else None
    if found and found.words != "an imported data set":
        raise DatasetError(recognition.instead(Path(name), found, "the name of a data set"), f"{found.hint} {known}")
    raise DatasetError(f"Unknown data set {short(name)}.", f"{recognition.nearest(name, names())} {known}".strip())


def report(name: str) -> ImageReport | None:
    """What the import of `name` took, left out and changed; None where none was kept.

    Raises DatasetError for a damaged one.
    """
    theirs = is_known(name) and (name not in BUILT_IN or _came_first(name))
    return imported_dataset.report(name) if theirs else None


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
        raise DatasetError(f"Unknown split {short(split)}.", f"Expected one of {', '.join(SPLITS)}.")
    images = known.load_split(split)
    images.check_labels()
    return images
