"""What can be done with a run: go on with it, use its settings again, delete it."""

from __future__ import annotations

import streamlit as st

from ui.shared import page
from ui.train import estimate, form_state, run_settings
from ui.train.form import names_in_use, output_name
from ui.train.presets import name_base, settings_of
from vae.errors import VAEError
from vae.jobs import queue
from vae.jobs.queue import Job
from vae.training.request import Configs
from vae.training.run_folder import status


def show(job: Job | None) -> None:
    """The buttons of one run, beside its settings in a few words."""
    if job is None or job.kind != "train":
        return
    configs = run_settings.of(job)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(page.escape(in_short(configs) if configs else "Its settings can't be read."))
        if status.resumable(job) and st.button("Resume", key="run_resume", icon=":material/play_arrow:"):
            _resume(job)
        if configs:
            st.button(
                "Duplicate",
                key="run_duplicate",
                icon=":material/content_copy:",
                on_click=_duplicate,
                args=(job.id,),
                disabled=bool(configs.train.classes),
                help="Puts all settings of this run into the form, under a new name. What was trained on some classes "
                "only is started from Anomalies.",
            )
        if not job.active and st.button("Delete", key="run_delete", icon=":material/delete:"):
            _ask_to_delete(job)


def in_short(configs: Configs) -> str:
    """`digits · MLP · d = 10 · β = 4`: what tells runs apart."""
    model, train = configs.model, configs.train
    architecture = "MLP" if model.architecture == "mlp" else model.architecture
    parts = [train.dataset, architecture, f"d = {model.latent_dim}"]
    parts.append(f"β = {train.beta:g}" if train.objective == "elbo" else train.objective)
    if train.classes:
        parts.append(f"class {', '.join(train.classes)} only")
    if model.likelihood != "bernoulli":
        parts.append(model.likelihood)
    return " · ".join(parts)


def _resume(job: Job) -> None:
    try:
        estimate.stop_trial()
        queue.restart(job.id)
    except VAEError as error:
        page.show_error(error)
        return
    st.query_params["job"] = job.id
    st.rerun()


def _duplicate(job_id: str) -> None:
    try:
        job = queue.get(job_id)
    except VAEError:  # deleted from elsewhere: the page says so
        return
    if configs := run_settings.of(job):
        name = form_state.free_name(name_base(output_name(job)), names_in_use())
        form_state.duplicate(settings_of(configs.model, configs.train), configs.train.dataset, name)


@st.dialog("Delete this run?")
def _ask_to_delete(job: Job) -> None:
    name = page.escape(output_name(job) or job.title)
    st.markdown(f"The log, the curves and the film of **{name}** go for good. The model stays.")
    with st.container(horizontal=True):
        sure = st.button(
            "Delete the run",
            key="run_delete_sure",
            type="primary",
            icon=":material/delete:",
            on_click=_delete,
            args=(job,),
        )
        if st.button("Keep it", key="run_delete_not") or sure:
            st.rerun()


def _delete(job: Job) -> None:
    try:
        queue.delete(job.id)
    except VAEError as error:  # another tab was faster, or resumed it
        st.toast(page.escape(str(error)))
        return
    if st.query_params.get("job") == job.id:
        st.query_params.pop("job")
    st.toast(f"Deleted the run of {page.escape(output_name(job))}. The model stays.")
