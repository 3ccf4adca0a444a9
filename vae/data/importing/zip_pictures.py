"""Images in a ZIP, read one by one: nothing is unpacked to disk, so no name in it can lead anywhere."""

from __future__ import annotations

import re
import stat
import zipfile
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vae.config import ImageReading
from vae.data import image_decoding
from vae.data.decoding import pool
from vae.data.decoding.part import DecodedPart
from vae.data.folders import image_names, layout
from vae.data.folders.choices import FolderChoices
from vae.data.folders.class_table import RawTable
from vae.data.folders.image_walk import HIDDEN
from vae.data.folders.layout import FolderLayout
from vae.data.image_decoding import MAX_CONTENT_BYTES, Format
from vae.data.importing import archive_files
from vae.data.report.left_out import LeftOut
from vae.errors import DatasetError, StorageError
from vae.storage import kinds
from vae.storage.printing import visible

LINK = "a link, which is not followed"
TWICE = "twice in the ZIP: the last one is taken"
OTHERS_FOLDER = "__MACOSX"  # what a Mac puts beside its files
TABLES = (".csv", ".tsv")
DRIVE = re.compile("[A-Za-z]:")


@dataclass(frozen=True)
class ZipPictures:
    """The images of an archive that is open.

    Attributes
    ----------
    source
        What the archive is called.
    members
        Its images by their names.
    tables
        Its CSV files by their names.
    left_out
        What else it holds, with the reasons.
    """

    source: str
    archive: zipfile.ZipFile
    members: dict[str, zipfile.ZipInfo]
    tables: dict[str, zipfile.ZipInfo]
    left_out: LeftOut

    def pixel_counts(self, names: Sequence[str]) -> list[int]:
        contents = map(self._content, names)
        return [image_decoding.pixel_count(one) if isinstance(one, bytes) else 0 for one in contents]

    def decoded(self, names: Sequence[str], form: Format, reading: ImageReading) -> Generator[DecodedPart]:
        return pool.decoded(map(self._content, names), len(names), form, reading)

    def understood(self, choices: FolderChoices) -> FolderLayout:
        """Classes and splits by the names in it, and by a CSV file among them.

        Raises DatasetError as layout.understand does, and where there are several CSV files.
        """
        table = self._table() if "csv" in (choices.classes_from, choices.split_from) else None
        return layout.understand(Path(), list(self.members), self.left_out, choices, table)

    def _table(self) -> RawTable:
        if len(self.tables) != 1:
            names = ", ".join(visible(name)[:60] for name in list(self.tables)[:5])
            raise DatasetError(
                f"{self.source} holds {len(self.tables)} CSV files{f': {names}' if names else ''}, expected one.",
                "Leave only the table of classes in it.",
            )
        ((name, member),) = self.tables.items()
        try:
            return RawTable(name, archive_files.content(self.archive, member, kinds.CLASS_TABLE.most))
        except StorageError as error:
            raise DatasetError(f"{visible(name)[:100]} can't be read: {error.message}.") from error

    def _content(self, name: str) -> bytes | DatasetError:
        try:
            return archive_files.content(self.archive, self.members[name], MAX_CONTENT_BYTES)
        except StorageError as error:
            return DatasetError(error.message)


def pictures_in(archive: zipfile.ZipFile, where: str) -> ZipPictures:
    """What an archive holds, by its list. Raises DatasetError for names that lead out of it, and where no image is."""
    members: dict[str, zipfile.ZipInfo] = {}
    tables: dict[str, zipfile.ZipInfo] = {}
    left_out = LeftOut()
    for member in archive.infolist():
        name = member.filename.replace("\\", "/")
        parts = name.split("/")
        if name.startswith("/") or ".." in parts or DRIVE.match(name):
            raise DatasetError(
                f"{where} holds {visible(name)[:100]!r}, which leads out of the archive; expected names below it.",
                "Make the ZIP again from the folder of images itself.",
            )
        if name.endswith("/"):
            continue
        if why := _why_not(member, parts):
            left_out.add(why, name)
        elif name.lower().endswith(TABLES):
            tables[name] = member
        else:
            if name in members:
                left_out.add(TWICE, name)
            members[name] = member
    if not members:
        found = "".join(f"; it holds {reason}" for reason in left_out.reasons()[:1])
        raise DatasetError(
            f"{where} holds no images{found}.", f"Expected files ending in {', '.join(image_names.ENDINGS)}."
        )
    return ZipPictures(where, archive, members, tables, left_out)


def _why_not(member: zipfile.ZipInfo, parts: list[str]) -> str:
    """Why a file is not taken, in a few words; empty for images and tables."""
    name = parts[-1]
    if any(part.startswith(".") for part in parts) or OTHERS_FOLDER in parts:
        return HIDDEN
    if len(member.filename) > archive_files.LONGEST_NAME:
        return "its name is too long"
    if stat.S_ISLNK(member.external_attr >> 16):
        return LINK
    return "" if image_names.is_image_name(name) or name.lower().endswith(TABLES) else image_names.why_not(name)
