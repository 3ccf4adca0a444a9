"""The browser's Back and Forward, and the address of what is shown: what of them Streamlit leaves out (history.js)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode
from uuid import uuid4

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ui.components import assets

MARK = "visit"  # the parameter that history.js adds to an address that Back or Forward led to
SESSION, SERIAL = "history_session", "history_serial"  # in the session: its own name, and how often it said something
DROPPED = "history_dropped_event"  # in the session
KEY = "history"  # the page's style hides what begins so
MOST_CHARACTERS = 200_000
_HISTORY = st.components.v2.component("browser_history", js=assets.script("history/history.js"))


@dataclass(frozen=True)
class HistoryVisit:
    """Back or Forward: by how many entries, negative for Back, and what the address said until then, by name.

    `left` is None when another page was left. `number` counts them in this window.
    """

    number: int
    moved: int
    left: dict[str, list[str]] | None


@dataclass(frozen=True)
class Address:
    """What the browser's address shall say, by name; `visit` is the number of the last Back or Forward that is known.

    With `forward` that went one entry too far, and the browser goes on to the next one, which says this.
    """

    values: Mapping[str, Sequence[str]]
    visit: int
    forward: bool


def visits() -> list[HistoryVisit]:
    """The newest presses of Back and Forward that this run's request tells of, in order; some may be known already."""
    text = st.query_params.get(MARK, "")
    try:
        told = json.loads(text) if text and len(text) <= MOST_CHARACTERS else []
        return [_visit(one["number"], one["moved"], one["left"]) for one in told]
    except (ValueError, KeyError, TypeError, RecursionError):  # somebody else's `visit`
        return []


def _visit(number: object, moved: object, left: object) -> HistoryVisit:
    if type(number) is not int or type(moved) is not int or not isinstance(left, str | None):
        raise TypeError
    return HistoryVisit(
        number, moved, None if left is None else parse_qs(left.removeprefix("?"), keep_blank_values=True)
    )


def answers_a_visit() -> bool:
    """Whether Back or Forward itself asked for this run: whatever else it brings is older."""
    context = get_script_run_ctx(suppress_warning=True)
    return context is not None and context.is_history_navigation


def drop_event() -> None:
    """Note that an event was dropped because Back came after it, and before Python knew of it."""
    st.session_state[DROPPED] = True


def dropped_an_event() -> bool:
    """Whether that happened since this was asked last."""
    return bool(st.session_state.pop(DROPPED, False))


def in_browser() -> bool:
    """Whether a browser asked for this run: without one, as in a page's test, nobody can mount history.js."""
    return bool(st.context.url)


def show(address: Address, part: str) -> None:
    """Have the browser's address say this, without a new entry where it doesn't yet.

    `part` names the part of the page that runs alone and says so; the newest counts.
    """
    state = st.session_state
    session = state.setdefault(SESSION, uuid4().hex)
    state[SERIAL] = state.get(SERIAL, 0) + 1
    search = urlencode(address.values, doseq=True)
    about = {"session": session, "serial": state[SERIAL], "visit": address.visit, "forward": address.forward}
    with st.container(key=f"{KEY}-{part}"):
        _HISTORY(data={**about, "search": search}, key=f"{KEY}-component-{part}", height=1)
