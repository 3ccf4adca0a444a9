"""A CSV file about the images that somebody adds: kept in the session, and joined to the images that are shown."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st

from ui.explore import shown_images
from ui.explore.shown_images import OnMap
from vae.errors import DatasetError

if TYPE_CHECKING:
    from vae.data.tables.image_columns import ImageTable

TABLES = "explore_tables"  # in the session, by data set


@dataclass(frozen=True)
class AddedTable:
    """A file that was added: its name, content, and what stands for both."""

    name: str
    raw: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        """The same for the same file alone."""
        return hashlib.blake2b(self.name.encode("utf-8", "replace") + b"\0" + self.raw, digest_size=12).hexdigest()


def of(on_map: OnMap) -> ImageTable | None:
    """The table that was added to these images, joined to those that are shown; None without one that fits them."""
    found = _added().get(on_map.checkpoint.dataset.test_fingerprint)
    if found is None:
        return None
    try:
        return joined(found, on_map)
    except DatasetError:  # of the test images in their order, while all images are shown
        return None


def joined(added: AddedTable, on_map: OnMap) -> ImageTable:
    """A file joined to the images that are shown. Raises DatasetError where it does not fit them."""
    names = shown_images.file_names(on_map)
    return _joined(added.digest, on_map.sheet_name, hash(names), added, names)


def keep(added: AddedTable, on_map: OnMap) -> None:
    """Have the images of this data set coloured by the table's columns from now on."""
    _added()[on_map.checkpoint.dataset.test_fingerprint] = added


def remove(on_map: OnMap) -> None:
    """Forget the table of these images."""
    _added().pop(on_map.checkpoint.dataset.test_fingerprint, None)


def stamp(on_map: OnMap) -> str:
    """Stands for the table of these images; empty without one."""
    found = _added().get(on_map.checkpoint.dataset.test_fingerprint)
    return "" if found is None else found.digest


def _added() -> dict[str, AddedTable]:
    found: dict[str, AddedTable] = st.session_state.setdefault(TABLES, {})
    return found


@st.cache_resource(max_entries=8, show_spinner=False)
def _joined(digest: str, images: str, names: int, _added: AddedTable, _files: tuple[str, ...] | None) -> ImageTable:
    from vae.data.folders.class_table import RawTable
    from vae.data.tables import image_columns

    count = int(images.split("-", 1)[0])
    return image_columns.joined(RawTable(_added.name, _added.raw), count, _files)
