"""Below the model picker: the way in for models from elsewhere, and the job that loads one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import streamlit as st

from ui.components import clicks
from ui.shared import page

STYLE = """
<style>
  .st-key-model_loaded { padding: 0.7rem 0.8rem; gap: 0.5rem; }
  .st-key-model_loaded p { font-size: 0.85rem; overflow-wrap: anywhere; }
</style>
"""
JOB = "model_loading"  # as form.py has it; this module is part of every first view, and imports little
KEPT = "model_loading_kept"
SEEN = "model_loading_seen"


def show(choose: Callable[[str], None]) -> None:
    """A button, or what became of its job; `choose(name)` makes the new model the one that is shown."""
    job_id = st.session_state.get(JOB)
    if job_id is not None:
        st.html(STYLE)
    if job_id is None:
        if clicks.button(
            "Load a model", "model_load", icon=":material/upload_file:", type="tertiary", help="A VAE trained elsewhere"
        ):
            _dialog("Load a model", "ask")
        return
    _job(str(job_id), choose)


def _dialog(title: str, what: str, *arguments: Any) -> None:
    from ui.shared.models.loading import form

    st.dialog(title, width="large")(getattr(form, what))(*arguments)


def _job(job_id: str, choose: Callable[[str], None]) -> None:
    from ui.shared import job_card
    from vae.errors import JobError
    from vae.jobs import queue

    try:
        job = queue.get(job_id)
    except JobError:
        st.session_state.pop(JOB, None)
        return
    name = job.arguments[1]
    if job.active:
        job_card.card(job_id)
        return
    if job.state != "done":
        _not_loaded(job_id, name, job.reason)
        return
    if st.session_state.get(SEEN) != job_id:
        st.session_state[SEEN] = job_id
        choose(name)
        st.rerun()
    _loaded(job_id, name, (job.progress or {}).get("adopted"))


def _not_loaded(job_id: str, name: str, reason: str) -> None:
    with st.container(border=True, key="model_loaded"):
        st.markdown(f"**{page.escape(name)}** was not loaded.")
        if reason:
            st.error(page.escape(reason), icon=":material/error:")
        with st.container(horizontal=True):
            again = clicks.button("Try again", "model_load_retry", icon=":material/refresh:")
            if clicks.button("Close", "model_load_close") or again:
                _forget(job_id)
                if not again:
                    st.rerun()
    if again:
        _dialog("Load a model", "ask")


def _loaded(job_id: str, name: str, adopted: Any) -> None:
    from ui.shared.models.loading import form
    from vae.jobs import queue

    tried = adopted.get("tried", []) if isinstance(adopted, dict) else []
    with st.container(border=True, key="model_loaded"):
        st.markdown(f"**{page.escape(name)}** is loaded. {said(adopted)}")
        with st.container(horizontal=True):
            if tried and clicks.button("How it is read", "model_load_how", icon=":material/rule:"):
                files = st.session_state.get(form.KEPT, {})
                st.dialog(f"How {name} is read", width="large")(form.change)(queue.get(job_id), files, tried)
            if clicks.button("Done", "model_load_done"):
                _forget(job_id)
                st.rerun()


def said(adopted: Any) -> str:
    """What to think of the reading, in a sentence."""
    if not isinstance(adopted, dict) or not isinstance(adopted.get("error"), int | float):
        return ""
    share = 100 * float(adopted["error"])
    if share >= 100:
        return "But its reconstructions are no better than one picture for all: it may be read wrongly."
    doubt = "" if adopted.get("is_clear", True) else " Another reading is nearly as good: see how it is read."
    return f"Its reconstructions leave {share:.0f}\u00a0% of the squared error of the mean image.{doubt}"


def _forget(job_id: str) -> None:
    """The job and its files; the model stays."""
    from vae.errors import JobError
    from vae.jobs import queue

    st.session_state.pop(JOB, None)
    st.session_state.pop(KEPT, None)
    with contextlib.suppress(JobError):
        queue.delete(job_id)
