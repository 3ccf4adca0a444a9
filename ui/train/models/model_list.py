"""Every model on this machine, also those that no run here wrote: what it is, what uses it; export, rename, delete."""

from __future__ import annotations

import streamlit as st

from ui.shared import cache, page
from ui.train.models import model_actions
from vae.training.run_folder import model_changes

CHOSEN = "models_chosen"


def show() -> None:
    """Folded: one seldom comes for it."""
    models = {model.name: model for model in cache.summaries()}
    if not models:
        return
    with st.expander("Models on this machine", icon=":material/inventory_2:", key="models-on-this-machine"):
        if st.session_state.get(CHOSEN) not in models:
            st.session_state.pop(CHOSEN, None)
        name = st.selectbox("Model to export, rename or delete", list(models), key=CHOSEN)
        model = models[name]
        if model.problem:
            page.show_error(model.problem)
        known = model_actions.in_words(model_changes.uses(model))
        st.markdown(
            page.escape(f"Used by {known}." if known else "No run and no derived file on this machine uses it.")
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            model_actions.buttons(model, "list")
