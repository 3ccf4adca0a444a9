"""The right side of Train: one run, its numbers, its film and its curves, and the way to Explore."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from ui.components import film
from ui.shared import cache, formatting, job_card, model_picker, page
from ui.train import figures
from ui.train.state import JOB, STATE
from vae.checkpoints import metrics
from vae.checkpoints.checkpoint import Summary
from vae.errors import JobError
from vae.jobs import queue
from vae.jobs.job import Job
from vae.storage import probe
from vae.training.diagnostics import learning
from vae.training.diagnostics.reading import Reading
from vae.training.request import TrainingRequest
from vae.training.run_folder import history, request_files, status
from vae.training.run_folder.history import EpochRow

MEASURED = (
    "Means per image, train and validation on equally many images with the weights at the end of each epoch. "
    "ELBO = reconstruction − KL."
)
AUTOENCODER = "Means per image, with the weights at the end of each epoch. An autoencoder has neither KL nor ELBO."
DIVERGED = (
    "The loss grew without bounds, as it does when the steps are too large. Duplicate this run with a lower learning "
    "rate, or clip gradients."
)
RESUMABLE = "Its last finished epoch is in the run folder: resume it, and it goes on from there."
BADGES = {
    "fine": ":green-badge[:material/check: Fine]",
    "watch": ":orange-badge[:material/visibility: Watch]",
    "failing": ":red-badge[:material/error: Failing]",
    "open": ":gray-badge[Not judged]",
    "": "",  # a fact
}
STYLE = """
<style>
  .st-key-readings [data-testid="stMetricLabel"] p { font-size: 0.8rem; }
  .st-key-readings [data-testid="stCaptionContainer"] { margin-top: -0.35rem; }
</style>
"""


def chosen_job() -> tuple[Job | None, JobError | None]:
    """The run that the URL names, or why it can't be shown; without one, the newest that has not ended."""
    if job_id := STATE.text(JOB):
        try:
            return queue.get(job_id), None
        except JobError as error:
            return None, error
    active = [job for job in queue.all_jobs() if job.kind == "train" and job.active]
    if not active:
        return None, None
    STATE.fill(JOB, active[-1].id)
    STATE.text(JOB)
    return active[-1], None


def finished_model(job: Job | None) -> Summary | None:
    """The model that a run wrote, if it is still there."""
    if job is None or job.active:
        return None
    name = request_files.output_of(job)
    found = next((summary for summary in cache.summaries() if summary.name == name), None)
    if found is None or (job.progress or {}).get("finished"):
        return found
    # a run that was stopped, resumed, and ended before its next epoch: what it wrote first still counts
    return found if found.identity and found.identity in status.written(job.folder) else None


def show(job: Job | None, problem: JobError | None) -> None:
    """The chosen run, or what there is to say instead."""
    if problem:
        page.show_error(problem)
    if job is None:
        with st.container(border=True):
            st.markdown("**Nothing is training.**")
            st.caption(
                "A run shows here how it learns, epoch by epoch: its latent space, reconstructions and samples as a "
                "film, its numbers and what they mean, its curves. Digits take a few seconds, MNIST a few minutes; you "
                "can leave this page meanwhile."
            )
        return
    job_card.card(job.id, _details)


def _details(job: Job) -> None:
    if job.kind != "train":
        return
    model = finished_model(job)
    if not job.active:
        _outcome(job, model)
    rows, request = _rows(job), request_files.read_or_none(job)
    epochs = _epochs(job, request)
    if rows:
        _numbers(job, rows, epochs, request, model)
    filmed = film.show(job.folder, epochs, job.active)
    if rows:
        _curves(job, rows, epochs, request)
        if model is not None and _with_kl(request):
            st.caption(_test_loss_is(request))
    elif job.active and job.state == "running":
        more = "This is the untrained model; numbers" if filmed else "The film starts with the untrained model; numbers"
        st.caption(f"{more} and curves come with the first finished epoch.")


def _test_loss_is(request: TrainingRequest | None) -> str:
    """What the test loss may be called, by the run's likelihood and pixels."""
    by = metrics.measured_by(request.model, request.train) if request else metrics.MeasuredBy()
    return f"Test loss = −ELBO of the test images ({by.terms}): {by.standing}."


# --- how it ended -----------------------------------------------------------------------------------------------------


def _outcome(job: Job, model: Summary | None) -> None:
    if model is not None and model.problem is None:
        if st.button("Open in Explore", key="open_in_explore", type="primary", icon=":material/explore:"):
            st.session_state[model_picker.CHOSEN] = model.name
            st.switch_page("app.py")
    elif model is not None and model.problem is not None:
        page.show_error(model.problem)
    elif (job.progress or {}).get("finished"):
        st.caption(f"The model {page.escape(request_files.output_of(job))} is no longer on this machine.")
    elif job.state in ("failed", "died"):
        st.caption("No model was written.")
    if job_card.diverged(job):
        st.warning(DIVERGED, icon=":material/trending_down:")
    elif status.resumable(job):
        st.caption(f":material/restart_alt: {RESUMABLE}")


# --- numbers ----------------------------------------------------------------------------------------------------------


def _numbers(
    job: Job, rows: list[EpochRow], epochs: int, request: TrainingRequest | None, model: Summary | None
) -> None:
    readings = learning.readings(rows, request.model, request.train) if request else []
    if model is not None and model.elbo is not None and _with_kl(request):
        loss = Reading("Test loss", formatting.number(-model.elbo), "nats", "", "Of the model that was kept.")
        readings = [*readings, loss]
    st.markdown(f"**{page.escape(_where(rows, epochs))}**")
    _tiles(readings)


def _tiles(readings: list[Reading]) -> None:
    """All readings, in the order given; what is not fine names what helps."""
    if not readings:
        return
    st.html(STYLE)
    with st.container(key="readings"):
        grid = st.grid(3, min_column_width=190, gap="small")
        for reading in readings:
            with grid.cell(), st.container(gap="xsmall"):
                _tile(reading)


def _tile(reading: Reading) -> None:
    unit = f" :small[{page.escape(reading.unit)}]" if reading.unit else ""
    st.metric(reading.name, f"{reading.value}{unit}")
    st.caption(f"{BADGES[reading.level]} {page.escape(reading.sentence)}".strip())
    if reading.remedy:
        st.caption(f":material/build: **Try:** {page.escape(reading.remedy)}")


def _where(rows: list[EpochRow], epochs: int) -> str:
    """`Epoch 7 of 20 · 41,234 images per second`."""
    last = rows[-1]
    parts = [f"Epoch {last['epoch']:,.0f} of {epochs:,}"]
    if "images_per_second" in last:
        parts.append(f"{formatting.number(last['images_per_second'], 0)} images per second")
    return " · ".join(parts)


def _with_kl(request: TrainingRequest | None) -> bool:
    return request is None or request.train.objective != "autoencoder"


def _epochs(job: Job, request: TrainingRequest | None) -> int:
    asked = (job.progress or {}).get("epochs")
    known = isinstance(asked, int) and 0 < asked <= 100_000
    return int(asked) if known and isinstance(asked, int) else request.train.epochs if request else 0


# --- curves -----------------------------------------------------------------------------------------------------------


def _curves(job: Job, rows: list[EpochRow], epochs: int, request: TrainingRequest | None) -> None:
    end = epochs if job.active else 0
    stamp = _stamp(job.folder)
    st.markdown("**Learning curves**")
    st.caption(MEASURED if _with_kl(request) else AUTOENCODER)
    st.plotly_chart(
        _learning_curves(str(job.folder), stamp, end, _with_kl(request)),
        key=f"curve-{job.id}",
        config={"displayModeBar": False},
    )
    if _with_kl(request) and "kl_0" in rows[-1]:
        st.markdown("**KL per dimension**")
        figure = _kl_figure(str(job.folder), stamp, end)
        st.plotly_chart(figure, key=f"kl-{job.id}", config={"displayModeBar": False})


@st.cache_resource(max_entries=16, show_spinner=False)
def _learning_curves(folder: str, stamp: str, end: int, with_kl: bool) -> Any:
    return figures.learning_curves(_read(folder, stamp), end, with_kl)


@st.cache_resource(max_entries=16, show_spinner=False)
def _kl_figure(folder: str, stamp: str, end: int) -> Any:
    return figures.kl_per_dimension(_read(folder, stamp), end)


def _rows(job: Job) -> list[EpochRow]:
    """The run's history, read again when the file has changed."""
    return [row for row in _read(str(job.folder), _stamp(job.folder)) if "epoch" in row]


@st.cache_resource(max_entries=16, show_spinner=False)
def _read(folder: str, stamp: str) -> list[EpochRow]:
    return history.read(Path(folder))


def _stamp(folder: Path) -> str:
    """Size and time of change of the history."""
    about = probe.stamp(folder / history.FILE)
    return f"{about.size}:{about.changed}" if about else "none"
