"""All data sets on this machine, from their small files alone. A click chooses one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from ui.library import chosen_row
from ui.library.state import SET
from ui.shared import cache, formatting
from vae.data import datasets, imported_dataset
from vae.data.image_dataset import DatasetInfo
from vae.data.keeping import changes
from vae.errors import DatasetError

HERE, ABSENT, DAMAGED = "On this machine", "Not downloaded", "Damaged"


@dataclass(frozen=True)
class Shelved:
    """One data set as the table shows it; `info` is None, and `problem` set, for one that can't be used."""

    name: str
    info: DatasetInfo | None
    models: tuple[str, ...]
    problem: DatasetError | None = None

    @property
    def state(self) -> str:
        if self.info is None:
            return DAMAGED
        return HERE if self.info.on_this_machine() else ABSENT


def shelved() -> list[Shelved]:
    """Every data set, also those that can't be used, with the models that were trained on it."""
    users: dict[str, list[str]] = {}
    for summary in cache.summaries():
        if summary.dataset is not None:
            users.setdefault(_name_now(summary.dataset.name), []).append(summary.name)
    names = dict.fromkeys((*datasets.names(), *imported_dataset.all_names()))
    return [_shelved(name, tuple(users.get(name, ()))) for name in names]


def _name_now(name: str) -> str:
    """What a data set is called that a model knows by this name."""
    try:
        return datasets.info(name).name
    except DatasetError:
        return name


def _shelved(name: str, models: tuple[str, ...]) -> Shelved:
    try:
        return Shelved(name, datasets.info(name), models)
    except DatasetError as error:
        return Shelved(name, None, models, error)


def show(sets: Sequence[Shelved]) -> Shelved:
    """The table; which set is chosen."""
    disk = st.column_config.TextColumn(help="What its files take here; the built-in digits come with scikit-learn.")
    explained = {"Images": st.column_config.NumberColumn(format="localized"), "Disk": disk}
    names = [one.name for one in sets]
    return sets[chosen_row.show(SET, names, columns(sets), explained, "Data sets on this machine")]


def columns(sets: Sequence[Shelved]) -> dict[str, list[object]]:
    """The table, column by column."""
    titles = Counter(one.info.title for one in sets if one.info)
    return {
        "Name": [one.info.title if one.info and titles[one.info.title] == 1 else one.name for one in sets],
        "Images": [sum(one.info.counts.values()) if one.info else None for one in sets],
        "Size": [size(one.info) if one.info else "" for one in sets],
        "Classes": [len(one.info.class_names) if one.info else None for one in sets],
        "Disk": [formatting.size(changes.size_on_disk(one.name)) if _is_own(one) else "" for one in sets],
        "Models": [len(one.models) for one in sets],
        "State": [one.state for one in sets],
    }


def size(known: DatasetInfo) -> str:
    """`28 × 28 grey`: width × height."""
    channels, height, width = known.image_shape
    return f"{width} × {height} {'colour' if channels == 3 else 'grey'}"


def _is_own(one: Shelved) -> bool:
    return one.info is None or one.info.imported
