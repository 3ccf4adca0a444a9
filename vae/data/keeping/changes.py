"""Giving an imported data set another name, and deleting it.

A model names the data set that it was trained on. So a renamed set keeps its former names, and is found by them as long
as no other set has them; whether its images are the model's is told by their fingerprint, as always.
"""

from __future__ import annotations

import json
from pathlib import Path

from vae.data import datasets, imported_dataset
from vae.data.import_folder import free_folder
from vae.data.imported_dataset import META
from vae.errors import DatasetError
from vae.storage import kinds, probe
from vae.storage.files import remove_folder, write_atomically
from vae.storage.json_files import read_json
from vae.storage.renaming import rename_new
from vae.storage.reporting import storage_errors_as, write_errors_as


def rename(name: str, new_name: str) -> None:
    """Give imported set `name` another name, which nothing has: all of it or nothing.

    Raises DatasetError for a name that is taken or not allowed, a set that is gone, damaged or not imported, and where
    it can't be written.
    """
    folder = _own_folder(name)
    imported_dataset.info(name)  # a damaged one would not be found by its former name
    destination = free_folder(new_name)
    with storage_errors_as(DatasetError):
        before, _ = read_json(folder / META, kinds.IMPORTED)
    former = [one for one in before.get("former_names", []) if one not in (name, new_name)]
    changed = before | {"former_names": [*former, name][-imported_dataset.MOST_FORMER :]}
    with write_errors_as(DatasetError, destination, "Nothing was changed."):
        _write(folder, changed)
        try:
            rename_new(folder, destination)
        except OSError as error:
            _write(folder, before)
            if isinstance(error, FileExistsError):
                raise DatasetError(f"There is already a data set {new_name!r}.", "Choose another name.") from error
            raise


def delete(name: str) -> None:
    """Delete imported set `name`, damaged or not. Raises DatasetError for one that is gone or can't be deleted."""
    folder = _own_folder(name)
    with write_errors_as(DatasetError, folder, "Nothing was deleted."):
        remove_folder(folder)


def size_on_disk(name: str) -> int:
    """How many bytes the files of an imported set have."""
    found = (probe.stamp(path) for path in probe.entries(imported_dataset.folder_of(name)))
    return sum(stamp.size for stamp in found if stamp)


def _own_folder(name: str) -> Path:
    folder = imported_dataset.folder_of(name)
    if datasets.is_built_in(name):
        raise DatasetError(f"{name} is a built-in data set, which stays as it is.")
    if not probe.is_there(folder):
        raise DatasetError(f"There is no data set {name!r}.", "It may have been deleted or renamed.")
    return folder


def _write(folder: Path, meta: dict[str, object]) -> None:
    write_atomically(folder / META, f"{json.dumps(meta, indent=2, ensure_ascii=False)}\n".encode("utf-8", "replace"))
