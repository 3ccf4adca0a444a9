"""An import from whatever somebody gives: a folder, a ZIP of images, or an NPZ of arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from vae.data import import_folder
from vae.data.folders.choices import USUAL_CHOICES, FolderChoices
from vae.data.folders.layout import FolderLayout
from vae.data.import_folder import ImportResult, ImportSettings
from vae.data.importing import archive_files, array_pictures, zip_pictures
from vae.data.importing.array_pictures import ArrayPictures
from vae.data.importing.pictures import Pictures
from vae.data.report.left_out import LeftOut
from vae.errors import DatasetError
from vae.storage import door, kinds
from vae.storage.printing import visible
from vae.storage.reporting import storage_errors_as

USUAL_SIDE = 32
ZIP, NPZ = ".zip", ".npz"


@dataclass(frozen=True, eq=False)
class Brought:
    """What an archive holds: its images, their classes and splits, and what else was in it.

    `side` are (height, width) of images that have one already, None where each may have its own.
    """

    pictures: Pictures
    layout: FolderLayout
    left_out: LeftOut
    side: tuple[int, int] | None = None


def is_archive(source: Path) -> bool:
    """Whether a path names an archive, not a folder."""
    return source.suffix.lower() in (ZIP, NPZ)


@contextmanager
def looked_into(file: BinaryIO, name: str, choices: FolderChoices = USUAL_CHOICES) -> Iterator[Brought]:
    """Inside, what an archive that is open holds; `name` is what messages call it, and its ending says what it is.

    Raises DatasetError and BudgetError; nothing of it is written.
    """
    where = visible(name)[-80:]
    with storage_errors_as(DatasetError), archive_files.listed(file, where) as archive:
        if name.lower().endswith(NPZ):
            arrays: ArrayPictures = array_pictures.pictures_in(archive, where)
            yield Brought(arrays, arrays.layout(), LeftOut(), arrays.side)
        else:
            images = zip_pictures.pictures_in(archive, where)
            yield Brought(images, images.understood(choices), images.left_out)


def write(
    name: str, source: Path, settings: ImportSettings, on_images: Callable[[int, int], None] = lambda done, total: None
) -> ImportResult:
    """Import a folder or an archive as data set `name`, as import_folder.write does.

    Raises DatasetError and BudgetError; nothing is kept then.
    """
    if not is_archive(source):
        return import_folder.write(name, source, settings, on_images)
    import_folder.free_folder(name)
    kind = kinds.ARRAYS if source.suffix.lower() == NPZ else kinds.ARCHIVE
    with (
        storage_errors_as(DatasetError),
        door.opened(source, kind) as file,
        looked_into(file, source.name, settings.folder) as brought,
    ):
        return import_folder.write_pictures(
            name, brought.pictures, brought.layout, brought.left_out, settings, on_images
        )


def side_of(source: Path) -> tuple[int, int]:
    """(height, width) that an import has where nobody chose: those of arrays, else 32 × 32. Raises DatasetError."""
    usual = USUAL_SIDE, USUAL_SIDE
    if source.suffix.lower() != NPZ:
        return usual
    with storage_errors_as(DatasetError), archive_files.opened(source, kinds.ARRAYS) as archive:
        return array_pictures.pictures_in(archive, visible(source.name)[-80:]).side
