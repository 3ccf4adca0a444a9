"""The map before Plotly is there. Plotly's script takes the page a second to read, in which it can do nothing else, and
map and decoder can be used without it: the points are drawn on a stand-in, and the chart is sent once they are seen.
"""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from ui.components.point_cloud import StandInData

COLOUR_BAR = 72  # CSS pixels that Plotly leaves for one, about: they depend on its numbers
FIGURE, SEEN = "first_figure", "first_figure_seen"


def stand_in(figure: go.Figure) -> StandInData | None:
    """What the page needs to draw the points where they will be; None of later figures, which come to a page that has
    read Plotly's script."""
    layout = figure.layout
    if st.session_state.setdefault(FIGURE, layout.meta["cloud"]) != layout.meta["cloud"]:
        return None
    margin = {side: getattr(layout.margin, side) for side in "lrtb"}
    return {
        "meta": layout.meta,
        "size": figure.data[0].marker.size,
        "traces": [trace.meta or "" for trace in figure.data],
        "ranges": [list(axis.autorangeoptions.include) for axis in (layout.xaxis, layout.yaxis)],
        "margin": margin | {"r": margin["r"] + (COLOUR_BAR if layout.coloraxis.colorscale else 0)},
    }


def is_seen() -> None:
    """The page says so."""
    st.session_state[SEEN] = True


def is_awaited() -> bool:
    """Whether a browser is to draw the points before it gets Plotly to read. What is no browser says nothing of what it
    draws: it gets the chart at once."""
    return not st.session_state.get(SEEN) and bool(st.context.headers.get("User-Agent"))
