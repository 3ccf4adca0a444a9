"""What can be done with a run: go on with it, use its settings again, delete it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from ui.components import clicks
from ui.shared import formatting, page
from ui.shared.sessions import deletion, ownership
from ui.shared.sessions.deletion import Deletion
from ui.train import estimate, form_state
from ui.train.form import names_in_use
from ui.train.presets import name_base
from ui.train.state import JOB, STATE
from vae.data import datasets
from vae.errors import VAEError
from vae.jobs import queue
from vae.jobs.job import Job
from vae.training.request import TrainingRequest
from vae.training.run_folder import request_files, status

LONGEST = 300  # characters of class names, and of why settings can't be read


def show(job: Job | None) -> None:
    """The buttons of one run, beside its settings in a few words."""
    if job is None or job.kind != "train":
        return
    try:
        request, said = request_files.read(job), ""
    except VAEError as error:
        request, said = None, formatting.shortened(str(error), LONGEST)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(page.escape(in_short(request) if request else f"Its settings can't be read. {said}"))
        mine = ownership.may_change(ownership.of_run(job))
        if not mine:
            st.caption(ownership.refusal(ownership.of_run(job)))
        elif status.resumable(job) and clicks.button("Resume", f"run_resume-{job.id}", icon=":material/play_arrow:"):
            _resume(job)
        if request:
            st.button(
                "Duplicate",
                key="run_duplicate",
                icon=":material/content_copy:",
                on_click=duplicate,
                args=(job.id, {}),
                disabled=not may_duplicate(request),
                help="Puts all settings of this run into the form, under a new name. What was trained on some classes "
                "only is started from Anomalies.",
            )
        if mine and not job.active and clicks.button("Delete", f"run_delete-{job.id}", icon=":material/delete:"):
            deletion.ask(of_run(job))


def in_short(request: TrainingRequest) -> str:
    """`digits · MLP · d = 10 · β = 4`: what tells runs apart."""
    model, train = request.model, request.train
    architecture = "MLP" if model.architecture == "mlp" else model.architecture
    parts = [train.dataset, architecture, f"d = {model.latent_dim}"]
    parts.append(f"β = {train.beta:g}" if train.objective == "elbo" else train.objective)
    if train.classes:
        parts.append(f"class {formatting.shortened(', '.join(train.classes), LONGEST)} only")
    if model.likelihood != "bernoulli":
        parts.append(model.likelihood.capitalize())
    return " · ".join(parts)


def _resume(job: Job) -> None:
    try:
        estimate.stop_trial()
        queue.restart(job.id)
    except VAEError as error:
        page.show_error(error)
        return
    STATE.put(JOB, job.id)
    st.rerun()


def may_duplicate(request: TrainingRequest) -> bool:
    """Whether the form can hold a run's settings."""
    return not request.train.classes and datasets.is_known(request.train.dataset)


def duplicate(job_id: str, settings: Mapping[str, Any]) -> None:
    """Put a run's settings into the form, `settings` in the place of its own. For callbacks."""
    try:
        job = queue.get(job_id)
    except VAEError:  # deleted from elsewhere: the page says so
        return
    if request := request_files.read_or_none(job):
        request = request.with_settings(settings)
        form_state.duplicate(request, form_state.free_name(name_base(request.destination.name), names_in_use()))


def of_run(job: Job) -> Deletion:
    """What deleting a run would do."""
    name = page.escape(request_files.output_of(job) or job.title)

    def delete() -> None:
        queue.delete(job.id)
        if STATE.chosen(JOB) == job.id:
            STATE.forget(JOB)
        st.toast(f"Deleted the run of {name}. The model stays.")

    lost = f"The log, the curves and the film of **{name}** go for good. The model stays."
    return Deletion("run", lost, ownership.of_run(job), delete, "run_delete")
