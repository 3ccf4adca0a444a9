"""One click that trains a model on the normal images only, with the settings of the one that is shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import streamlit as st

from ui.components import clicks
from ui.shared import job_card, model_picker, page
from ui.shared.formatting import shortened
from ui.shared.job_card import FAILED, Work
from ui.shared.sessions import ownership
from vae.anomalies.normal_images import NormalChoice
from vae.checkpoints import checkpoint_files
from vae.checkpoints.checkpoint import Checkpoint
from vae.data import datasets
from vae.errors import VAEError
from vae.jobs import queue
from vae.jobs.job import Job
from vae.training import request_budget
from vae.training.request import TrainingRequest
from vae.training.run_folder import request_files

LONGEST = 60  # characters of a name


@dataclass(frozen=True)
class _Training(Work):
    request: TrainingRequest

    def jobs(self) -> list[Job]:
        trainings = [job for job in queue.all_jobs() if job.kind == "train"]
        return [job for job in trainings if request_files.read_or_none(job) == self.request]

    def submit(self) -> None:
        ownership.claim(ownership.of_run(request_files.submit(self.request)))


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
        if clicks.button(f"Use the model trained on {_named(choice)}", "anomalies-use", icon=":material/swap_horiz:"):
            st.session_state[model_picker.CHOSEN] = name
            st.rerun()
        return
    train = replace(checkpoint.train, classes=choice.classes, precision="auto")
    work = _Training(TrainingRequest(checkpoint.model, train, name))
    if job_card.active_card(work):
        return
    known = datasets.is_known(checkpoint.dataset.name)
    takes = _takes(work.request) if known else ""
    fits = bool(takes)
    st.button(
        f"Train a model on {_named(choice)} only",
        key="anomalies-train",
        icon=":material/model_training:",
        disabled=not fits,
        help="This model has learned other classes, so it reconstructs outliers too. One with the same settings that "
        f"learns from the normal classes alone tells them apart better. {takes}",
        on_click=_train,
        args=(work,),
    )
    job_card.last_card(work, FAILED)


def _takes(request: TrainingRequest) -> str:
    """About how much memory the training takes; empty where there is too little, which is shown."""
    try:
        request_budget.check(request)
        return f"It takes about {request_budget.memory(request)} of memory."
    except VAEError as error:
        page.show_error(error)
        return ""


def _named(choice: NormalChoice) -> str:
    """The classes for the label of a button."""
    classes = f"class{'es' * (len(choice.classes) > 1)} {', '.join(choice.classes)}"
    return page.escape(shortened(classes, 32))


def output_name(checkpoint: Checkpoint, choice: NormalChoice) -> str:
    """A name that says what the model is trained on."""
    plain = [re.sub(r"[^A-Za-z0-9]+", "", name) for name in choice.classes]
    name = f"{checkpoint.name}-only-{'-'.join(plain)}"
    if len(name) <= LONGEST and plain == list(choice.classes):
        return name
    return f"{name[: LONGEST - 9]}-{choice.key()[:8]}"  # other classes may look the same


def _train(work: _Training) -> None:
    try:
        work.start()
    except VAEError as error:
        st.toast(page.escape(str(error)))
