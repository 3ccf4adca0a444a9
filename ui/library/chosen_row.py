"""A table of which a click chooses one row: what both shelves of the library are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from ui.components import reports
from ui.library.state import STATE

ROW_PIXELS, MOST_ROWS = 35, 12


def show(
    parameter: str,
    names: Sequence[str],
    columns: Mapping[str, Sequence[object]],
    explained: Mapping[str, Any],
    title: str,
) -> int:
    """The table, a row for each name, and which row is chosen; the page's state keeps its name as `parameter`.

    `explained` is Streamlit's column_config of the columns that need one; `title` is read to who can't see the table.
    """
    chosen = STATE.option(parameter, names, names[0])
    key = f"library_{parameter}-{hashlib.sha256(json.dumps(list(names)).encode()).hexdigest()[:16]}"
    st.session_state[key] = {"selection": {"rows": [names.index(chosen)], "columns": [], "cells": []}}
    st.dataframe(
        columns,
        key=key,
        on_select=partial(_clicked, parameter, key, names),
        selection_mode=["single-row", "single-cell"],
        hide_index=True,
        height=(min(len(names), MOST_ROWS) + 1) * ROW_PIXELS + 3,
        column_config=explained,
        placeholder="–",
        alt=title,
    )
    return names.index(chosen)


def _clicked(parameter: str, key: str, names: Sequence[str]) -> None:
    """A box or a cell was clicked; a box that is unticked changes nothing."""
    choice = reports.table_choice(st.session_state[key])
    row = choice.cell if choice.cell is not None else next(iter(choice.rows), None)
    if row is not None and row < len(names):
        STATE.put(parameter, names[row])
