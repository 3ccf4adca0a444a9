"""Files that somebody has dropped, as one archive: images, and a CSV beside them, become a ZIP. No streamlit."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import BinaryIO, Protocol, cast

from vae import recognition
from vae.data.folders import image_names
from vae.errors import DatasetError
from vae.storage.printing import visible

MOST_BYTES = 500 * 2**20  # of all files together
ARCHIVES, TABLES = (".zip", ".npz"), (".csv", ".tsv")
LONGEST = 60  # characters of a suggested name
NAMED = 3
FOLDER_INSTEAD = "Give the folder on this machine, or run `python -m vae import` in a terminal: both take any size."


class File(Protocol):
    """An upload of Streamlit's."""

    @property
    def name(self) -> str: ...

    @property
    def size(self) -> int: ...

    def getvalue(self) -> bytes: ...


@dataclass(frozen=True, eq=False)
class Archive:
    """A ZIP or NPZ in memory; `name` is the file's own, or that of the first image."""

    name: str
    file: BinaryIO

    @property
    def suffix(self) -> str:
        return PurePath(self.name).suffix.lower()

    def content(self) -> bytes:
        self.file.seek(0)
        return self.file.read()


def archive_of(files: Sequence[File]) -> Archive:
    """One archive of what was dropped. Raises DatasetError for files that don't belong together, or are too many."""
    total = sum(file.size for file in files)
    if total > MOST_BYTES:
        raise DatasetError(
            f"These files have {total / 2**20:,.0f} MB together, expected at most {MOST_BYTES // 2**20}.",
            FOLDER_INSTEAD,
        )
    archives = [file for file in files if _plain(file).lower().endswith(ARCHIVES)]
    if archives and len(files) > 1:
        raise DatasetError(
            f"There are {len(files)} files, {visible(_plain(archives[0]))[:80]} and others; expected one archive "
            "alone, or images.",
            "A CSV of labels goes into the ZIP, beside the images.",
        )
    if archives:
        return Archive(_plain(archives[0]), cast(BinaryIO, archives[0]))
    _check_images(files)
    return Archive(f"{PurePath(_plain(files[0])).stem if len(files) == 1 else 'pictures'}.zip", _zipped(files))


def suggested_name(archive: str, taken: Sequence[str]) -> str:
    """A free name for a data set, after a file or folder."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", PurePath(archive).stem).strip("-._")[:LONGEST] or "mine"
    lower = {name.lower() for name in taken}
    numbered = (stem if k == 1 else f"{stem[: LONGEST - 5]}-{k}" for k in range(1, len(lower) + 2))
    return next(name for name in numbered if name.lower() not in lower)


def _check_images(files: Sequence[File]) -> None:
    tables = [file for file in files if _plain(file).lower().endswith(TABLES)]
    others = [file for file in files if file not in tables and not image_names.is_image_name(_plain(file))]
    if len(others) + len(tables) == len(files):
        first = (others or tables)[0]
        found = recognition.of_content(_plain(first), first.getvalue()[:4_096])
        raise DatasetError(
            f"{visible(_plain(first))[:80]} is {found.words}, expected images, a ZIP of images or an NPZ of arrays.",
            f"Images are {image_names.KINDS}.",
        )
    if len(tables) > 1:
        raise DatasetError(f"There are {len(tables)} CSV files, expected one with the labels of the images.")


def _zipped(files: Sequence[File]) -> BinaryIO:
    """A ZIP of all files, not packed, each under a name of its own."""
    written, used = io.BytesIO(), set[str]()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for file in files:
            name = _plain(file)
            path, number = PurePath(name), 1
            while name.lower() in used:
                number += 1
                name = f"{path.stem}-{number}{path.suffix}"
            used.add(name.lower())
            archive.writestr(zipfile.ZipInfo(name), file.getvalue())
    return written


def _plain(file: File) -> str:
    """A file's name without any folder."""
    return visible(file.name.replace("\\", "/").rpartition("/")[2])[-200:] or "file"
