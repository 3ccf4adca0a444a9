"""The invisible component that links another native map of the same images to Explore's: what is selected, under the
pointer or in view on the one shows on the other.
"""

from __future__ import annotations

import streamlit as st

from ui.components import assets

_LINK = st.components.v2.component(
    "linked_map", html='<div class="linked-map"></div>', js=assets.script("linked_map/linked_entry.js")
)


def show(chart_key: str, large_key: str, together: bool, key: str) -> None:
    """Link the map whose container has the key `chart_key` to Explore's, `large_key`; `together`: the same piece of the
    plane is in view on both.
    """
    _LINK(data={"chart_key": chart_key, "large_key": large_key, "together": together}, key=key, height=1)
