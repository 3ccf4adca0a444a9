"""A checkpoint into the page: in Streamlit's own message, or, of a large one, by an address that the page reads."""

from __future__ import annotations

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ui.components import model_store
from ui.decoding import granted, sent_models

LARGE = 8 * 10**6  # bytes: less is there sooner in a message


def send(model: bytes, fingerprint: str, key: str) -> None:
    """Send a model (browser_model.pack), known in the page by its fingerprint."""
    context = get_script_run_ctx(suppress_warning=True)
    if len(model) < LARGE or context is None or not runtime.exists():
        model_store.store(model, key)
        return
    token = granted.models().token(context.session_id, fingerprint, model)
    base = sent_models.path_below(str(st.get_option("server.baseUrlPath")))
    model_store.store_from({"address": f"{base}/{token}", "fingerprint": fingerprint}, key)
