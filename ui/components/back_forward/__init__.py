"""The browser's Back and Forward, and the address of what is shown: what of them Streamlit leaves out.

back_forward.js alone makes entries and changes addresses. Both sides count: it tells Python of presses of Back and
Forward, and Python tells it of steps, choices that deserve an entry. Both are told until they arrived, so a run that is
interrupted loses none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode
from uuid import uuid4

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ui.components import assets

MARK = "visit"  # the parameter that back_forward.js adds to an address that Back or Forward led to
KNOWN = "back_forward"  # in the session
KEY = "back_forward"  # the page's style hides what begins so
MOST_CHARACTERS = 10_000
_BACK_FORWARD = st.components.v2.component("back_forward", js=assets.script("back_forward/back_forward.js"))


@dataclass
class _Known:
    """What this session knows of the browser's history."""

    session: str = field(default_factory=lambda: uuid4().hex)
    serial: int = 0  # how often an address was told
    visit: int = 0  # the number of the last Back or Forward that was followed
    step: int = 0  # how many steps were made
    chosen: int = 0  # the number of the last visit before the last choice
    back: bool = False  # whether Back led to this run
    too_far: int | None = None  # the number of the visit that went one entry too far


@dataclass(frozen=True)
class BackForwardMove:
    """Whether Back or Forward led to the address of a run, and whether what was chosen last is older than that."""

    visited: bool
    overtook: bool


@dataclass(frozen=True)
class BackForwardVisit:
    """Back or Forward: by how many entries, negative for Back, and how many steps the browser had entries for then.

    `number` counts visits in this window.
    """

    number: int
    moved: int
    step: int


def follow(unwritten: bool) -> BackForwardMove:
    """Take note of the presses of Back and Forward that this run's request tells of.

    `unwritten`: whether no address says the last choice yet. Back that was pressed before the browser had an entry for
    the last choice undoes that choice; it went one entry too far.
    """
    known = _known()
    visits = [visit for visit in _visits() if visit.number > known.visit]
    known.back = bool(visits) and visits[0].moved < 0
    if not visits:
        return BackForwardMove(answers_a_visit(), overtook=answers_a_visit())
    known.visit = visits[-1].number
    overtook = known.chosen < known.visit
    if known.back and (visits[0].step < known.step or (unwritten and overtook)):
        undo()
    known.step = visits[-1].step
    return BackForwardMove(True, overtook)


def chose() -> None:
    """Note that something is chosen now. Where Back itself asked for this run, the choice is older than Back."""
    known = _known()
    older = answers_a_visit()
    known.chosen = max([known.visit, *([] if older else [visit.number for visit in _visits()])])


def undo() -> None:
    """Have the browser go forward by one entry, where Back led to this run: a choice came before Back, unseen."""
    known = _known()
    if known.back:
        known.too_far = known.visit


def step() -> None:
    """Have what is shown next be an entry of its own, where the browser is by then."""
    known = _known()
    known.step += 1
    known.too_far = None


def answers_a_visit() -> bool:
    """Whether Back or Forward itself asked for this run: whatever else it brings is older."""
    context = get_script_run_ctx(suppress_warning=True)
    return context is not None and context.is_history_navigation


def in_browser() -> bool:
    """Whether a browser asked for this run: without one, as in a page's test, nobody can mount back_forward.js."""
    return bool(st.context.url)


def show(values: Mapping[str, Sequence[str]], part: str) -> None:
    """Have the browser's address say this, by name. `part` names the part of the page that runs alone and says so."""
    known = _known()
    known.serial += 1
    data = {
        "session": known.session,
        "serial": known.serial,
        "visit": known.visit,
        "step": known.step,
        "forward": known.too_far == known.visit,
        "search": urlencode(values, doseq=True),
    }
    with st.container(key=f"{KEY}-{part}"):
        _BACK_FORWARD(data=data, key=f"{KEY}-component-{part}", height=1)


def _known() -> _Known:
    found: _Known = st.session_state.setdefault(KNOWN, _Known())
    return found


def _visits() -> list[BackForwardVisit]:
    """The newest visits that this run's request tells of, in order; some may be known already."""
    text = st.query_params.get(MARK, "")
    try:
        told = json.loads(text) if text and len(text) <= MOST_CHARACTERS else []
        return [_visit(one["number"], one["moved"], one["step"]) for one in told]
    except (ValueError, KeyError, TypeError, RecursionError):  # somebody else's `visit`
        return []


def _visit(number: object, moved: object, step: object) -> BackForwardVisit:
    if type(number) is not int or type(moved) is not int or type(step) is not int:
        raise TypeError
    return BackForwardVisit(number, moved, step)
