"""Buttons whose clicks are not lost.

`st.button` is true in one run only. Where that run ends before it comes to the button, because a part of the page that
refreshes itself asks for the whole page, say, nobody hears of the click. So it is noted before the run begins, and
stays until the button is drawn next, or the page was drawn without it.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

CLICKED = "clicked_buttons"  # in the session: keys of buttons whose click nobody has taken yet


def button(label: str, key: str, **looks: Any) -> bool:
    """`st.button`: whether it was clicked. `looks` are its other arguments, but for callbacks."""
    st.button(label, key=key, on_click=_note, args=(key,), **looks)
    clicked: set[str] = st.session_state.get(CLICKED, set())
    if key not in clicked:
        return False
    clicked.remove(key)
    return not looks.get("disabled", False)


def forget() -> None:
    """The page was drawn: what was clicked and is not there any more means nothing now."""
    st.session_state.pop(CLICKED, None)


def _note(key: str) -> None:
    clicked: set[str] = st.session_state.setdefault(CLICKED, set())
    clicked.add(key)
