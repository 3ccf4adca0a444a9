"""The upper part of Train: what to train. Folded away while a run is shown, which then has the width to itself."""

from __future__ import annotations

import streamlit as st

from ui.components import clicks
from ui.train import estimate, form, form_state
from vae.jobs.job import Job


def show(job: Job | None, primary: bool) -> None:
    """The form where nothing is shown yet or somebody asks for it; else the button that opens it."""
    if job is None:
        form.show(primary)
        return
    is_open = bool(st.session_state.get(form_state.OPEN))
    label, icon = ("Close the setup", ":material/expand_less:") if is_open else ("New training", ":material/add:")
    if clicks.button(label, "train_setup", icon=icon):
        st.session_state[form_state.OPEN] = not is_open
        st.rerun()
    if is_open:
        with st.container(border=True, key="train-setup"):
            form.show(primary)
    else:
        estimate.stop_trial()  # nobody reads it
