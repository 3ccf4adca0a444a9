"""Train a model in the background and watch it learn."""

from __future__ import annotations

import streamlit as st

from ui import shell, train_actions, train_form, train_panel, train_runs


def train() -> None:
    """The form, the chosen run beside it, all runs below."""
    st.title("Train a model")
    job, problem = train_panel.chosen_job()
    grid = st.grid(3, min_column_width=290, gap="medium")
    with grid.cell():
        train_form.show(primary=train_panel.finished_model(job) is None)
    with grid.cell(column_span=2):
        train_actions.show(job)
        train_panel.show(job, problem)
    train_runs.show(job)


with shell.page("Train"):
    train()
