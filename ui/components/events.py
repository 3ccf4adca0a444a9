"""What components report: each event is taken once.

Streamlit gives a component's last value to every run of the page, also to runs that something else has started.
"""

from __future__ import annotations

import streamlit as st

from ui.components import back_forward

TAKEN = "component_events"  # in the session: the last event that was taken, by source


def is_new(source: str, event: object) -> bool:
    """Whether `event`, an event's id or what stands for it, was not taken from this source yet; from now on it is.

    `source` names what reports, and what of it where it reports several things: two that share a name would make each
    other's events new again. Where Back asked for this run, what is reported is older than Back, and so not new.
    """
    taken: dict[str, object] = st.session_state.setdefault(TAKEN, {})
    new = taken.get(source) != event
    taken[source] = event
    if new and back_forward.answers_a_visit():
        back_forward.undo()
        return False
    return new
