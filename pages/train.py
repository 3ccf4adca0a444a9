"""Train a model in the background and watch it learn."""

from __future__ import annotations

import streamlit as st

from ui.shared import model_picker, page
from ui.train import run_actions, run_panel, run_table, setup
from ui.train.state import JOB, STATE


def train() -> None:
    """What to train; the chosen run over the width of the page; all runs and all models below."""
    if STATE.begin() is None and STATE.arrives():
        STATE.forget(JOB)  # a bare address shows what is training now
    job, problem = run_panel.chosen_job()
    model = run_panel.finished_model(job)
    run_panel.choose_model_of(job, model)
    model_picker.beside()
    STATE.write_url(None)
    for said in STATE.problems():
        st.warning(page.escape(said), icon=":material/link_off:")
    setup.show(job, primary=model is None)
    run_actions.show(job)
    run_panel.show(job, problem)
    run_table.show(job)


with page.page("Train a model", "Choose images and a goal, start, and watch the model learn."):
    train()
