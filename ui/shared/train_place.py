"""What the training form starts from. Other pages lead there."""

from __future__ import annotations

import streamlit as st

DATASET = "train_dataset"  # in the session, as the form's field has it
OPEN = "train_setup_open"  # in the session: although a run is shown


def go(dataset: str) -> None:
    """Lead to Train with this data set chosen. Ends the run of the page."""
    st.session_state[DATASET] = dataset
    st.session_state[OPEN] = True
    st.switch_page("pages/train.py")
