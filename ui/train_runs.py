"""The list of runs below the form: what was trained, when, and what came of it."""

from __future__ import annotations

import time

import streamlit as st

from ui import jobs as job_ui
from ui import shell, words
from ui.train_form import output_name
from vae import jobs
from vae.errors import JobError
from vae.jobs import Job

SHOWN = 8
POLL_SECONDS = 2.0
COLUMNS = (3, 2, 1.9, 4, 1.5, 1.6)


def show(current: Job | None) -> None:
    """All training runs, the newest first; refreshes itself while one is active."""
    active = any(job.active for job in all_runs())
    st.fragment(_list, run_every=POLL_SECONDS if active else None)(current)


def all_runs() -> list[Job]:
    """Training jobs, the newest first."""
    return [job for job in reversed(jobs.all_jobs()) if job.kind == "train"]


def _list(current: Job | None) -> None:
    with shell.error_boundary():
        runs = all_runs()
        if not runs:
            return
        st.subheader("Runs")
        st.caption("ELBO: validation mean per image after the last finished epoch; higher is better.")
        for job in runs[:SHOWN]:
            _row(job, current)
        if older := runs[SHOWN:]:
            with st.expander(words.count(len(older), "older run")):
                for job in older:
                    _row(job, current)


def _row(job: Job, current: Job | None) -> None:
    name, state, when, outcome, look, remove = st.columns(COLUMNS, vertical_alignment="center", gap="small")
    name.markdown(shell.escape(output_name(job) or job.title))
    state.markdown(job_ui.badge(job))
    when.caption(words.ago(job.ended or job.created, time.time()))
    outcome.caption(shell.escape(result(job)))
    shown = current is not None and current.id == job.id
    if look.button("Show", key=f"show-{job.id}", type="tertiary", disabled=shown):
        st.query_params["job"] = job.id
        st.rerun()
    explanation = "Deletes this run's log and curve. The model stays."
    if not job.active and remove.button("Delete", key=f"delete-{job.id}", type="tertiary", help=explanation):
        _delete(job, shown)


def _delete(job: Job, shown: bool) -> None:
    try:
        jobs.delete(job.id)
    except JobError as error:  # another tab was faster
        shell.show_error(error)
        return
    if shown:
        st.query_params.pop("job", None)
    st.toast(f"Deleted the run of {shell.escape(output_name(job))}. The model stays.")
    st.rerun()


def result(job: Job) -> str:
    """What came of a run, in one line."""
    values = job.progress or {}
    history = values.get("history") or []
    if job.active:
        return job_ui.status(job)
    if job.state in ("failed", "died"):
        lines = words.without_stack_trace(job.reason).splitlines() or ["It gave no reason."]
        return words.shortened(lines[0 if job.state == "died" else -1], 60)
    if not values.get("finished") or not history:
        return "Nothing was kept."
    elbo = words.number(history[-1].get("validation_elbo"))
    return f"ELBO {elbo} nats · {words.count(len(history), 'epoch')}"
