"""One click that trains a model on the normal images only, with the settings of the one that is shown."""

from __future__ import annotations

import re
from dataclasses import replace

import streamlit as st

from ui.shared import job_card, model_picker, page
from vae.anomalies.normal_images import NormalChoice
from vae.checkpoints import checkpoint_files
from vae.checkpoints.checkpoint import Checkpoint
from vae.data import datasets
from vae.errors import VAEError
from vae.jobs import queue
from vae.jobs.queue import Job
from vae.training.request import TrainingRequest
from vae.training.run_folder import request_files

LONGEST = 60  # characters of a name


def show(checkpoint: Checkpoint, choice: NormalChoice) -> None:
    """The offer, the job that runs, or the way to the model that it made."""
    if not choice.classes:
        return
    if set(checkpoint.train.classes) == set(choice.classes):
        st.caption(f"This model was trained on class {page.escape(', '.join(choice.classes))} only.")
        return
    name = output_name(checkpoint, choice)
    there = [summary for summary in checkpoint_files.summaries() if summary.name == name and not summary.problem]
    if any(set(summary.classes) == set(choice.classes) for summary in there):
        if st.button("Use the model of these", key="anomalies-use", icon=":material/swap_horiz:", width="stretch"):
            st.session_state[model_picker.CHOSEN] = name
            st.rerun()
        return
    train = replace(checkpoint.train, classes=choice.classes, precision="auto")
    wanted = TrainingRequest(checkpoint.model, train, name)
    mine = _jobs(wanted)
    if active := [job for job in mine if job.active]:
        job_card.card(active[0].id)
        return
    st.button(
        "Train on these only",
        key="anomalies-train",
        icon=":material/model_training:",
        width="stretch",
        disabled=not datasets.is_known(checkpoint.dataset.name),
        help="This model has learned other classes, so it reconstructs outliers too. One with the same settings that "
        "learns from the normal classes alone usually tells them apart better.",
        on_click=_train,
        args=(wanted,),
    )
    if mine and mine[-1].state in ("failed", "died"):
        job_card.card(mine[-1].id)


def output_name(checkpoint: Checkpoint, choice: NormalChoice) -> str:
    """A name that says what the model is trained on."""
    plain = [re.sub(r"[^A-Za-z0-9]+", "", name) for name in choice.classes]
    name = f"{checkpoint.name}-only-{'-'.join(plain)}"
    if len(name) <= LONGEST and plain == list(choice.classes):
        return name
    return f"{name[: LONGEST - 9]}-{choice.key()[:8]}"  # other classes may look the same


def _jobs(wanted: TrainingRequest) -> list[Job]:
    return [job for job in queue.all_jobs() if job.kind == "train" and request_files.read_or_none(job) == wanted]


def _train(wanted: TrainingRequest) -> None:
    if any(job.active for job in _jobs(wanted)):  # a second click, or another tab
        return
    try:
        request_files.submit(wanted)
    except VAEError as error:
        st.toast(page.escape(str(error)))
