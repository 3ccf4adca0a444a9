"""The learning curves of several runs over each other: on one axis only where their losses may be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from ui.shared import page
from ui.shared.figures import STILL
from ui.train import figures
from ui.train.figures import RunCurve
from vae.jobs.job import Job
from vae.training.run_folder import history, request_files

MOST_RUNS = 16  # of one axis: more lines can't be told apart


def show(ticked: Mapping[str, Sequence[Job]]) -> None:
    """One chart for each group with ticked runs, by the group's title; nothing until two runs are ticked."""
    shown = {title: runs[:MOST_RUNS] for title, runs in ticked.items() if runs}
    if sum(map(len, shown.values())) < 2:
        return
    st.markdown("**Learning curves compared**", help="Validation loss after each epoch; lower is better.")
    if len(shown) > 1:
        st.caption("These losses are of different kinds: one chart for each, none is better than another's.")
    grid = st.grid(min(2, len(shown)), min_column_width=380, gap="medium")
    for title, runs in shown.items():
        with grid.cell():
            if len(shown) > 1:
                st.caption(page.escape(title))
            curves = [curve for job in runs if (curve := _curve(job))]
            if curves:
                figure = figures.compared(curves)
                st.plotly_chart(figure, key=f"compared-{title}", config=STILL)
            else:
                st.caption("None of them has finished an epoch.")


def _curve(job: Job) -> RunCurve | None:
    request = request_files.read_or_none(job)
    rows = [row for row in history.read(job.folder) if "epoch" in row]
    return RunCurve(request_files.output_of(job), rows, request.train.objective) if request and rows else None
