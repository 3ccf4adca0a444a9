"""Train a model in the background and watch it learn."""

from __future__ import annotations

import streamlit as st

from ui.shared import model_picker, page
from ui.train import form, run_actions, run_panel, run_table
from ui.train.state import JOB, STATE


def train() -> None:
    """The form, the chosen run beside it, all runs below."""
    if STATE.begin() is None and STATE.arrives():
        STATE.forget(JOB)  # a bare address shows what is training now
    model_picker.beside()
    job, problem = run_panel.chosen_job()
    STATE.write_url(None)
    for said in STATE.problems():
        st.warning(page.escape(said), icon=":material/link_off:")
    grid = st.grid(3, min_column_width=290, gap="medium")
    with grid.cell():
        form.show(primary=run_panel.finished_model(job) is None)
    with grid.cell(column_span=2):
        run_actions.show(job)
        run_panel.show(job, problem)
    run_table.show(job)


with page.page("Train a model", "Choose images and a goal, start, and watch the model learn."):
    train()
