"""What a person keeps beside a checkpoint under a name of their own: the field that keeps it, and its deletion."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import streamlit as st

from ui.components import clicks
from ui.shared import ownership, page
from vae.errors import VAEError

MOST_CHARACTERS = 60


@dataclass(frozen=True)
class Keeping:
    """The names that are taken, and what keeps the thing under a free one and in the place of another.

    `save` and `replace` may raise VAEError.
    """

    taken: Collection[str]
    save: Callable[[str], object]
    replace: Callable[[str], object]


def show(keeping: Keeping, default: str, key: str) -> bool:
    """A name and `Keep`; whether it was pressed, and the thing is kept now. `default` names it until somebody does."""
    typed = st.text_input("Name", default, key=f"{key}-name-{default}", max_chars=MOST_CHARACTERS)
    name, write = typed.strip(), keeping.save
    if name in keeping.taken:
        st.caption("Replaces the one of that name.")
        write = keeping.replace
    if not clicks.button("Keep", key, type="primary", icon=":material/save:"):
        return False
    try:
        write(name)
    except VAEError as error:
        page.show_error(error)
        return False
    st.toast(f"Kept {page.escape(name)}.")
    return True


def deletion(delete: Callable[[], None], then: Callable[[], None] = lambda: None) -> Callable[[], None]:
    """A callback that deletes, and `then` does what follows. Why nothing is deleted is said for a moment.

    `delete` may raise VAEError.
    """

    def callback() -> None:
        if ownership.shared():
            st.toast(ownership.SWITCHED_OFF)
            return
        try:
            delete()
        except VAEError as error:
            st.toast(page.escape(str(error)))
            return
        then()

    return callback
