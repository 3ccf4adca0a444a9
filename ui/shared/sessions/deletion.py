"""Before something goes for good, a page asks, and says who made it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from ui.components import clicks
from ui.shared import page
from ui.shared.sessions import ownership
from vae.errors import VAEError


@dataclass(frozen=True)
class Deletion:
    """What would go: `delete` does it, and may raise a VAEError; `note` says whose it is (ownership.py)."""

    what: str  # as in "Delete this run?"
    lost: str  # Markdown
    note: Path
    delete: Callable[[], None]
    key: str


def ask(deletion: Deletion) -> None:
    """Open the question; to be called where a button was pressed."""
    st.dialog(f"Delete this {deletion.what}?")(_question)(deletion)


def may_replace(note: Path) -> bool:
    """Say that what has this name would give way, and whose it is; whether this session may do that."""
    may = ownership.may_change(note)
    st.caption(f"Replaces the one with that name. {ownership.whose(note)}" if may else ownership.refusal(note))
    return may


def confirmed(deletion: Deletion) -> None:
    """Delete it, unless it isn't this session's to delete."""
    if not ownership.may_change(deletion.note):
        st.toast(ownership.refusal(deletion.note))
        return
    try:
        deletion.delete()
    except VAEError as error:  # another tab was faster, or uses it again
        st.toast(page.escape(str(error)))


def _question(deletion: Deletion) -> None:
    st.markdown(deletion.lost)
    st.caption(ownership.whose(deletion.note))
    with st.container(horizontal=True):
        sure = st.button(
            f"Delete the {deletion.what}",
            key=f"{deletion.key}_sure",
            type="primary",
            icon=":material/delete:",
            on_click=confirmed,
            args=(deletion,),
        )
        if clicks.button("Keep it", f"{deletion.key}_not") or sure:
            st.rerun()
