"""What to train, checked before anything starts."""

from __future__ import annotations

import streamlit as st

from ui.components import clicks
from ui.shared import formatting, job_card, page
from ui.shared.sessions import ownership
from ui.train import estimate, fields, form_state
from ui.train.presets import Settings
from ui.train.state import JOB, STATE
from vae.checkpoints.checkpoint_files import checkpoint_path
from vae.data import datasets
from vae.errors import BudgetError, CheckpointError, VAEError
from vae.jobs import queue
from vae.model.layers import parameter_count
from vae.storage import paths, probe
from vae.training import request_budget
from vae.training.request import TrainingRequest
from vae.training.run_folder import request_files


@st.fragment
def show(primary: bool) -> None:
    """The form runs alone while it is filled in; Train submits the job and puts its id into the URL."""
    with page.error_boundary():
        fields.ask(names_in_use)
        known = datasets.info(st.session_state[form_state.DATASET])
        missing = not known.on_this_machine()
        if missing:
            st.markdown(f":material/cloud_off: {known.title}'s images are not on this machine.")
            job_card.download_offer(known.name, known.title, known.download_mb)
        checked = _check()
        fits = checked is None or missing or _fits(checked)
        clicked = clicks.button(
            "Train",
            "train_submit",
            type="primary" if primary else "secondary",
            disabled=missing or not fits,
            icon=":material/play_arrow:",
            width=220,
        )
        ready = checked if fits and not missing else None
        if clicked and ready:
            _start(ready)
        estimate.show(ready)


def _start(wanted: TrainingRequest) -> None:
    estimate.training_starts(wanted)
    job = request_files.submit(wanted)
    ownership.claim(ownership.of_run(job))
    form_state.forget_name()
    st.session_state[form_state.OPEN] = False
    STATE.put(JOB, job.id)
    st.rerun()


def _check() -> TrainingRequest | None:
    """What the form asks for, described, or None with the reason shown."""
    try:
        state = st.session_state
        wanted = request(state[form_state.DATASET], state[form_state.NAME], form_state.read().effective())
    except VAEError as error:
        page.show_error(error)
        return None
    st.caption(page.escape(description(wanted)), help=page.escape(written(wanted)))
    return wanted


def _fits(wanted: TrainingRequest) -> bool:
    """Whether there is memory and disk for it; the reason is shown where there is not."""
    try:
        request_budget.check(wanted)
    except BudgetError as error:
        page.show_error(error)
        return False
    return True


def description(wanted: TrainingRequest) -> str:
    """How large the model is, and how much memory its training takes."""
    count = parameter_count(wanted.model)
    return (
        f"{formatting.count(count, 'parameter')} ({formatting.size(4 * count)}); training takes about "
        f"{request_budget.memory(wanted)} of memory."
    )


def written(wanted: TrainingRequest) -> str:
    """What will be on disk, and where."""
    folder = wanted.destination
    folder = folder.relative_to(paths.PROJECT) if folder.is_relative_to(paths.PROJECT) else folder
    return f"Writes `{folder}`: weights, latents and maps of the test images, the learning curve."


def request(dataset: str, name: str, settings: Settings) -> TrainingRequest:
    """What the fields ask for, under a name that is free. Raises ConfigError, DatasetError or CheckpointError."""
    name = name.strip()
    folder = checkpoint_path(name)
    wanted = settings.request(dataset, name)
    if probe.is_there(folder):
        raise CheckpointError(f"There is already a model {name}.", "Choose another name.")
    if name in names_in_use():
        raise CheckpointError(f"A run that has not ended will write {name}.", "Choose another name.")
    return wanted


def names_in_use() -> set[str]:
    """Names of models on disk, usable or not, and of those that active runs will write."""
    on_disk = {path.name for path in probe.entries(paths.checkpoints_dir())}
    return on_disk | {request_files.output_of(job) for job in queue.all_jobs() if job.kind == "train" and job.active}
