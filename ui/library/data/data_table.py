"""All data sets on this machine, from their small files alone. A click chooses one."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from ui.components import reports
from ui.library.state import SET, STATE
from ui.shared import cache, formatting
from vae.data import datasets, imported_dataset
from vae.data.image_dataset import DatasetInfo
from vae.data.keeping import changes
from vae.errors import DatasetError

ROW_PIXELS, MOST_ROWS = 35, 12
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
    names = [one.name for one in sets]
    chosen = STATE.option(SET, names, names[0])
    key = f"library_sets-{hashlib.sha256(json.dumps(names).encode()).hexdigest()[:16]}"
    st.session_state[key] = {"selection": {"rows": [names.index(chosen)], "columns": [], "cells": []}}
    st.dataframe(
        columns(sets),
        key=key,
        on_select=partial(_chosen, key, names),
        selection_mode=["single-row", "single-cell"],
        hide_index=True,
        height=(min(len(sets), MOST_ROWS) + 1) * ROW_PIXELS + 3,
        column_config={
            "Images": st.column_config.NumberColumn(format="localized"),
            "Disk": st.column_config.TextColumn(
                help="What its files take here; the built-in digits come with scikit-learn."
            ),
        },
        placeholder="–",
        alt="Data sets on this machine",
    )
    return sets[names.index(chosen)]


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


def _chosen(key: str, names: list[str]) -> None:
    """A box or a cell was clicked; a box that is unticked changes nothing."""
    choice = reports.table_choice(st.session_state[key])
    row = choice.cell if choice.cell is not None else next(iter(choice.rows), None)
    if row is not None and row < len(names):
        STATE.put(SET, names[row])
