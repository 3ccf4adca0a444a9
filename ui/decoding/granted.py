"""The tokens and addresses of this process's server."""

from __future__ import annotations

import streamlit as st
from streamlit import runtime

from ui.decoding.grants import Grants
from ui.decoding.sent_models import SentModels


@st.cache_resource(show_spinner=False)
def grants() -> Grants:
    """One for the whole server, whoever asks: its socket, or a page."""
    return Grants(_is_active)


@st.cache_resource(show_spinner=False)
def models() -> SentModels:
    """One for the whole server, too."""
    return SentModels(_is_active)


def _is_active(session: str) -> bool:
    return runtime.exists() and runtime.get_instance().is_active_session(session)
