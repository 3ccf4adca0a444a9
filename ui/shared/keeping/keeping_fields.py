"""The field by which a person keeps something beside a checkpoint under a name of their own."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from ui.components import clicks
from ui.shared import page
from ui.shared.sessions import deletion, ownership
from vae.errors import VAEError

MOST_CHARACTERS = 60


@dataclass(frozen=True)
class Keeping:
    """The names that are taken, and what keeps the thing under a free one and in the place of another.

    `save` and `replace` may raise VAEError. `note` is where it says whose the one of a name is (ownership.py).
    """

    taken: Collection[str]
    save: Callable[[str], object]
    replace: Callable[[str], object]
    note: Callable[[str], Path]


def show(keeping: Keeping, default: str, key: str) -> bool:
    """A name and `Keep`; whether it was pressed, and the thing is kept now. `default` names it until somebody does."""
    typed = st.text_input("Name", default, key=f"{key}-name-{default}", max_chars=MOST_CHARACTERS)
    name, write, may = typed.strip(), keeping.save, True
    if name in keeping.taken:
        write, may = keeping.replace, deletion.may_replace(keeping.note(name))
    if not clicks.button("Keep", key, type="primary", icon=":material/save:", disabled=not may) or not may:
        return False
    try:
        write(name)
        ownership.claim(keeping.note(name))
    except VAEError as error:
        page.show_error(error)
        return False
    st.toast(f"Kept {page.escape(name)}.")
    return True
