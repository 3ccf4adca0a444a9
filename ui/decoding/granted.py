"""The tokens of this process's server."""

from __future__ import annotations

import streamlit as st
from streamlit import runtime

from ui.decoding.grants import Grants


@st.cache_resource(show_spinner=False)
def grants() -> Grants:
    """One for the whole server, whoever asks: its socket, or a page."""
    return Grants(lambda session: runtime.exists() and runtime.get_instance().is_active_session(session))
