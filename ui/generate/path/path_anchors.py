"""Which pinned images an interpolation leads through, and their choice.

The session keeps them by token, because the same place among the pins is another image for another model; the URL,
which names its model, says their places.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import streamlit as st

from ui.generate import state
from ui.generate.state import BETWEEN
from ui.shared.detail import pinned
from vae.generation.anchors import Anchor
from vae.generation.interpolation import MAX_ANCHORS

AT = "at"  # how far along the path
CHOSEN = "generate_path"  # in the session


@dataclass
class _Chosen:
    """What was chosen since the link that `revision` counts: tokens of pins; None for the first ones."""

    revision: int
    tokens: list[str] | None


def choose(found: list[Anchor]) -> list[Anchor]:
    """The field, and the chosen ones of the pins `found` in their order."""
    kept = _kept(found)
    chosen = _here(kept, found)
    if kept.tokens is not None:
        state.put(BETWEEN, ",".join(str(found.index(anchor)) for anchor in chosen))
    state.text(BETWEEN, _default(len(found)))  # for the URL
    titles = {anchor.token: anchor.title for anchor in found}
    key = "generate-between"
    st.session_state[key] = [anchor.token for anchor in chosen]

    def changed() -> None:
        kept.tokens = list(st.session_state[key])

    st.multiselect(
        "Through, in this order",
        list(titles),
        format_func=lambda token: titles.get(token, token),
        key=key,
        on_change=changed,
        max_selections=MAX_ANCHORS,
        help=f"Two to {MAX_ANCHORS} of the pinned images.",
    )
    if kept.tokens is None and len(found) > len(chosen):
        st.caption(f"The first {len(chosen)} of {len(found)} pinned images; more than {MAX_ANCHORS} can't be joined.")
    return chosen


def _kept(found: list[Anchor]) -> _Chosen:
    """What was chosen; what a link says when it is new."""
    kept = st.session_state.get(CHOSEN)
    if isinstance(kept, _Chosen) and kept.revision == state.revision():
        at = state.STATE.chosen(AT)
        if at is not None:  # it suited the link's own path; that another model's is shorter is no mistake of the link
            state.put(AT, at)
        return kept
    st.session_state[CHOSEN] = kept = _Chosen(state.revision(), _linked(found))
    return kept


def _here(kept: _Chosen, found: list[Anchor]) -> list[Anchor]:
    """The chosen images that this model has; the first ones where another model's leave less than a path."""
    first = found[:MAX_ANCHORS]
    if kept.tokens is None:
        return first
    wanted = [token for token in kept.tokens if token in pinned.tokens()]
    mine = {anchor.token: anchor for anchor in found}
    there = [mine[token] for token in wanted if token in mine]
    return first if len(there) < min(2, len(wanted)) else there


def _linked(found: list[Anchor]) -> list[str] | None:
    """Tokens of the pins whose places a link says, such as "2,0"; None, and why, where it names others."""
    written = state.STATE.chosen(BETWEEN)
    if written is None:
        return None
    parts = [part for part in written.split(",") if part]
    if not all(re.fullmatch("[0-9]{1,3}", part) and int(part) < len(found) for part in parts):
        expected = f"two to {MAX_ANCHORS} different pins of 0 to {len(found) - 1}"
        state.refuse(BETWEEN, written, expected, _default(len(found)))
        return None
    return [found[i].token for i in dict.fromkeys(int(part) for part in parts)][:MAX_ANCHORS]


def _default(count: int) -> str:
    return ",".join(str(i) for i in range(min(count, MAX_ANCHORS)))
