"""The choice of what the map's points are coloured by."""

from __future__ import annotations

import streamlit as st

from ui.explore.colouring import colourings
from ui.explore.comparing import other
from ui.explore.shown_images import OnMap
from ui.explore.state import BESIDE, STATE
from ui.shared import page
from vae.checkpoints.dimension_names import DimensionNames
from vae.comparison import same_images
from vae.errors import VAEError

ADD = "add a table"  # chosen, it asks for one, and nothing else changes
ASKED = "explore_table_asked"


def choose(on_map: OnMap, dimensions: DimensionNames) -> str:
    """Show the choice, which is in the URL; its last entry asks for a table."""
    options = colourings.offered(on_map)
    chosen = st.session_state["colour"] = STATE.offered("colour", options, "class")

    def changed() -> None:
        if st.session_state["colour"] == ADD:
            st.session_state[ASKED] = True
        else:
            STATE.put("colour", st.session_state["colour"])

    def said(name: str) -> str:
        return "Colour by a table…" if name == ADD else f"Colour: {colourings.short_title(name, dimensions)}"

    st.selectbox(
        "Colour",
        [*options, ADD],
        format_func=said,
        width=190,
        key="colour",
        on_change=changed,
        label_visibility="collapsed",
    )
    if st.session_state.pop(ASKED, False):
        from ui.explore.colouring import table_dialog  # not before: most visits add no table

        table_dialog.ask(on_map)
    return "class" if chosen == BESIDE and not _is_readable(on_map) else chosen


def _is_readable(on_map: OnMap) -> bool:
    """Whether the model beside can be compared with; where it can't, the map stays, and it is said why."""
    try:
        same_images.check(on_map.checkpoint, other.read(on_map.checkpoint))
    except VAEError as error:
        said = f"{error.message} So points have the colours of their classes, not of kept neighbours. {error.hint}"
        st.warning(page.escape(said.strip()), icon=":material/heart_broken:")
        return False
    return True
