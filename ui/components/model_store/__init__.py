"""The invisible component that brings a checkpoint into the page, where all that decode there find it (store.js)."""

from __future__ import annotations

import streamlit as st

from ui.components import assets

_STORE = st.components.v2.component("latent_store", js=assets.script("model_store/store_entry.js"))


def store(model: bytes, key: str) -> None:
    """Bring a checkpoint (browser_model.py) into the page. Sent once; Streamlit skips what has not changed."""
    _STORE(data=model, key=key, height=1)
