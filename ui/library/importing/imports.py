"""Imports and downloads under way, and what became of the one that this session has started."""

from __future__ import annotations

import contextlib

import streamlit as st

from ui.components import clicks
from ui.library.state import SET, STATE
from ui.shared import job_card, page, train_place
from ui.shared.images import image_report
from vae.data import datasets
from vae.errors import DatasetError, JobError
from vae.jobs import queue
from vae.jobs.job import Job

JOB, NAME = "library_job", "library_job_name"  # in the session
KINDS = ("import", "fetch")


def began(job: Job, name: str) -> None:
    """This session has started a job that will make data set `name`."""
    st.session_state[JOB], st.session_state[NAME] = job.id, name


def show() -> None:
    """Everybody's that are under way, then this session's last one."""
    own = st.session_state.get(JOB)
    for job in queue.all_jobs():
        if job.kind in KINDS and job.active:
            job_card.card(job.id)
        elif job.id == own:
            _ended(job)


def _ended(job: Job) -> None:
    name = str(st.session_state.get(NAME, ""))
    if job.state != "done":
        job_card.card(job.id)
        if clicks.button("Close", "library_job_close"):
            _forget(job)
        return
    if not datasets.is_known(name):
        _forget(job)
        return
    STATE.put(SET, name)
    with st.container(border=True, key="library_imported"):
        st.markdown(f"**{page.escape(name)}** is in the library.")
        try:
            report = datasets.report(name)
        except DatasetError as error:
            page.show_error(error)
            report = None
        if report is not None:
            image_report.show(report, "library_report")
        with st.container(horizontal=True):
            train = clicks.button("Train on it", "library_job_train", type="primary", icon=":material/model_training:")
            if clicks.button("Done", "library_job_done") or train:
                _forget(job, rerun=not train)
            if train:
                train_place.go(name)


def _forget(job: Job, rerun: bool = True) -> None:
    """The job and its files; the data set stays."""
    st.session_state.pop(JOB, None)
    with contextlib.suppress(JobError):
        queue.delete(job.id)
    if rerun:
        st.rerun()
