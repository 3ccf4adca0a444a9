"""Train a model in the background and watch it learn."""

from __future__ import annotations

import streamlit as st

from ui.shared import page
from ui.train import form, run_actions, run_panel, run_table


def train() -> None:
    """The form, the chosen run beside it, all runs below."""
    st.title("Train a model")
    job, problem = run_panel.chosen_job()
    grid = st.grid(3, min_column_width=290, gap="medium")
    with grid.cell():
        form.show(primary=run_panel.finished_model(job) is None)
    with grid.cell(column_span=2):
        run_actions.show(job)
        run_panel.show(job, problem)
    run_table.show(job)


with page.page("Train"):
    train()
