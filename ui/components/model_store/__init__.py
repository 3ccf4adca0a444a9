"""The invisible components that bring a checkpoint into the page, where all that decode there find it (store.js), and
its encoder, once somebody has an image to encode (encoders.js)."""

from __future__ import annotations

import streamlit as st

from ui.components import assets

_STORE = st.components.v2.component("latent_store", js=assets.script("model_store/store_entry.js"))
_ENCODER = st.components.v2.component("latent_encoder", js=assets.script("model_store/encoder_entry.js"))


def store(model: bytes, key: str) -> None:
    """Bring a checkpoint (browser_model.py) into the page. Sent once; Streamlit skips what has not changed."""
    _STORE(data=model, key=key, height=1)


def store_encoder(encoder: bytes, key: str) -> None:
    """Bring a checkpoint's encoder (browser_model.py) into the page."""
    _ENCODER(data=encoder, key=key, height=1)
