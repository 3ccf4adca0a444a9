"""One run: how it ended, what to think of it, its film, its numbers, its curves, and the way to Explore."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from ui.components import clicks, film
from ui.shared import cache, formatting, job_card, model_picker, page
from ui.shared.figures import STILL
from ui.shared.models import health
from ui.shared.models.managing import model_actions
from ui.train import figures, run_actions, run_evidence
from ui.train.state import JOB, STATE
from vae.checkpoints import metrics
from vae.checkpoints.checkpoint import Summary
from vae.errors import JobError
from vae.jobs import queue
from vae.jobs.job import Job
from vae.storage import probe
from vae.training.diagnostics.evidence import Evidence
from vae.training.diagnostics.reading import Reading
from vae.training.diagnostics.readings import readings
from vae.training.diagnostics.verdict import Verdict, judge
from vae.training.request import TrainingRequest
from vae.training.run_folder import epoch_files, history, request_files, status
from vae.training.run_folder.history import EpochRow

IN_VIEW = "train_in_view"  # in the session: the run that is shown, and the model that it wrote
MEASURED = {
    "elbo": "Means per image, with the weights at the end of each epoch. Loss = −ELBO = reconstruction error + KL.",
    "iwae": "Means per image, with the weights at the end of each epoch. Loss = −the importance-weighted bound.",
    "autoencoder": "Means per image, with the weights at the end of each epoch. An autoencoder has no KL.",
}
DIVERGED = (
    "The training loss grew without bounds, as it does when the steps are too large. Duplicate this run with a lower "
    "learning rate, or clip gradients."
)
RESUMABLE = "Its last finished epoch is in the run folder: resume it, and it goes on from there."
VERDICT = (
    "One cause at a time: what comes first excludes what would follow from it. Independent pixels are a model "
    "that draws each pixel by itself, with the training images' means. Every threshold stands in "
    "vae/training/diagnostics/causes.py."
)
EPOCHS_KEPT = (
    "The model's weights after these epochs, in the run folder; they go when the run is deleted. “Compare with…” on "
    "Explore puts one of them beside the finished model, and every command takes it as NAME@EPOCH."
)
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
    """The model that a run wrote, if it is still there, under whatever name."""
    if job is None or job.active:
        return None
    name, written = request_files.output_of(job), status.written(job.folder)
    models = cache.summaries()
    # a run that was stopped, resumed, and ended before its next epoch: what it wrote first still counts
    known = [model for model in models if model.identity and model.identity in written]
    if not known and (job.progress or {}).get("finished"):  # a damaged one has no identity, an old run noted none
        known = [model for model in models if model.name == name and (model.problem or not written)]
    return max(
        known,
        key=lambda model: (model.name == name, model.identity in written and written.index(model.identity)),
        default=None,
    )


def choose_model_of(job: Job | None, model: Summary | None) -> None:
    """The model that a run wrote becomes the chosen one where the run comes into view or has just written it; what is
    picked afterwards stays.
    """
    before, now = st.session_state.get(IN_VIEW), (job.id if job else "", model.identity if model else "")
    st.session_state[IN_VIEW] = now
    if model is not None and not model.problem and (now != before or STATE.arrives()):
        st.session_state[model_picker.CHOSEN] = model.name


def show(job: Job | None, problem: JobError | None) -> None:
    """The chosen run, or what there is to say instead."""
    if problem:
        page.show_error(problem)
    if job is None:
        with st.container(border=True):
            st.markdown("**Nothing is training.**")
            st.caption(
                "Here you will watch a model learn, epoch by epoch. Digits take less than a minute, MNIST a few "
                "minutes; you can leave this page meanwhile."
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
    evidence = Evidence(rows, request.model, request.train, run_evidence.outcome(job)) if rows and request else None
    if evidence is not None and request is not None:
        _verdict(job, judge(evidence), request)
    filmed = film.show(job.folder, epochs, job.active)
    if rows:
        st.markdown(f"**{page.escape(_where(rows, epochs))}**")
        if evidence is not None:
            _numbers(evidence, model, request)
        _curves(job, rows, epochs, request)
    elif job.active and job.state == "running":
        more = "This is the untrained model; numbers" if filmed else "The film starts with the untrained model; numbers"
        st.caption(f"{more} and curves come with the first finished epoch.")


def _test_loss_is(request: TrainingRequest | None) -> str:
    """What the test loss may be called, by the run's likelihood and pixels."""
    by = metrics.measured_by(request.model, request.train) if request else metrics.MeasuredBy()
    return f"Test loss = {by.loss_name} of the test images ({by.terms}): {by.standing}."


# --- how it ended -----------------------------------------------------------------------------------------------------


def _outcome(job: Job, model: Summary | None) -> None:
    if model is not None and model.problem is None:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if clicks.button("Open in Explore", f"open_in_explore-{job.id}", type="primary", icon=":material/explore:"):
                st.session_state[model_picker.CHOSEN] = model.name
                st.switch_page("app.py")
            model_actions.buttons(model, "run")
        _epochs_kept(job)
    elif model is not None and model.problem is not None:
        page.show_error(model.problem)
    elif (job.progress or {}).get("finished"):
        st.caption(f"The model {page.escape(request_files.output_of(job))} is no longer on this machine.")
    elif job.state in ("failed", "died"):
        st.caption("No model was written.")
    if job_card.diverged(job) and request_files.read_or_none(job) is None:  # else the verdict says so
        st.warning(DIVERGED, icon=":material/trending_down:")
    elif status.resumable(job):
        st.caption(f":material/restart_alt: {RESUMABLE}")


def _epochs_kept(job: Job) -> None:
    """What else there is of the model."""
    if not (kept := epoch_files.epochs(job.folder)):
        st.caption("Only the finished model was kept, and no epoch on its way.")
        return
    which = f"{'epoch' if len(kept) == 1 else 'epochs'} {', '.join(f'{epoch:,}' for epoch in kept)}"
    st.caption(f"Kept on its way: {which} ({formatting.size(epoch_files.bytes_of(job.folder))})", help=EPOCHS_KEPT)


# --- numbers ----------------------------------------------------------------------------------------------------------


def _numbers(evidence: Evidence, model: Summary | None, request: TrainingRequest | None) -> None:
    """Three questions beside each other, each with its verdict and the numbers that answer it."""
    shown = readings(evidence)
    if not shown:
        return
    if model is not None and model.test_loss is not None:
        shown.insert(1, _test_loss(model, request))
    st.html(STYLE)
    with st.container(key="readings"):
        grid = st.grid(3, min_column_width=270, gap="medium")
        for question, names in QUESTIONS.items():
            of_question = [reading for reading in shown if reading.name in names]
            if of_question:
                with grid.cell(), st.container(gap="xsmall", border=True):
                    st.markdown(f"**{question}**")
                    _tile(of_question[0])
                    for reading in of_question[1:]:
                        _line(reading, of_question[0].sentence)


QUESTIONS = {
    "Has it learned?": ("Validation loss", "Test loss", "Baseline", "Noise σ"),
    "What is in the latents?": ("Total KL", "Used dimensions", "Sample variety"),
    "Does it hold for other images?": ("Train/validation gap",),
}


def _test_loss(model: Summary, request: TrainingRequest | None) -> Reading:
    """The loss of the model that was kept, as cards, picker and `vae list` give it."""
    loss, sentence = model.test_loss, "Of the model that was kept."
    if loss is not None and model.baseline is not None:
        sentence = f"Of the model that was kept; independent pixels: {formatting.number(model.baseline)}."
    return Reading("Test loss", formatting.number(loss), "nats", "", sentence, _test_loss_is(request))


def _verdict(job: Job, verdict: Verdict, request: TrainingRequest) -> None:
    """What the numbers mean together, and a way to do what helps."""
    with st.container(key="verdict", gap="xsmall"):
        title = f"**{page.escape(verdict.title)}.** " if verdict.cause else ""
        st.markdown(f"{health.BADGES[verdict.level]} {title}{page.escape(verdict.sentence)}", help=VERDICT)
        if not verdict.remedy:
            return
        st.caption(f":material/build: **Try:** {page.escape(verdict.remedy)}")
        if not verdict.settings or job.active or not run_actions.may_duplicate(request):
            return
        if st.button(
            "Put this into the form",
            key="use_remedy",
            icon=":material/content_copy:",
            on_click=run_actions.duplicate,
            args=(job.id, verdict.settings),
            help="All settings of this run, with what is proposed here, under a new name.",
        ):
            st.rerun()


def _tile(reading: Reading) -> None:
    unit = f" :small[{page.escape(reading.unit)}]" if reading.unit else ""
    st.metric(reading.name, f"{reading.value}{unit}", help=reading.measured or None)
    st.caption(f"{health.BADGES[reading.level]} {page.escape(reading.sentence)}".strip())


def _line(reading: Reading, above: str) -> None:
    """A number below a tile, whose sentence `above` is not said again."""
    unit = f" {page.escape(reading.unit)}" if reading.unit else ""
    badge = health.BADGES[reading.level] if reading.level in ("watch", "failing") else ""
    said = "" if reading.sentence == above else f"  \n:small[{page.escape(reading.sentence)}]"
    st.markdown(
        f"{page.escape(reading.name)} **{page.escape(reading.value)}**{unit} {badge}{said}",
        help=reading.measured or None,
    )


def _where(rows: list[EpochRow], epochs: int) -> str:
    """`Epoch 7 of 20 · 41,234 images per second`."""
    last = rows[-1]
    parts = [f"Epoch {last['epoch']:,.0f} of {epochs:,}"]
    if "images_per_second" in last:
        parts.append(f"{formatting.number(last['images_per_second'], 0)} images per second")
    return " · ".join(parts)


def _objective(request: TrainingRequest | None) -> str:
    return request.train.objective if request else "elbo"


def _epochs(job: Job, request: TrainingRequest | None) -> int:
    asked = (job.progress or {}).get("epochs")
    known = isinstance(asked, int) and 0 < asked <= 100_000
    return int(asked) if known and isinstance(asked, int) else request.train.epochs if request else 0


# --- curves -----------------------------------------------------------------------------------------------------------


def _curves(job: Job, rows: list[EpochRow], epochs: int, request: TrainingRequest | None) -> None:
    end = epochs if job.active else 0
    stamp = _stamp(job.folder)
    grid = st.grid(2, min_column_width=380, gap="medium")
    with grid.cell():
        st.markdown("**Learning curves**", help=MEASURED[_objective(request)])
        figure = _learning_curves(str(job.folder), stamp, end, _objective(request))
        st.plotly_chart(figure, key=f"curve-{job.id}", config=STILL)
    if _objective(request) != "autoencoder" and "kl_0" in rows[-1]:
        with grid.cell():
            st.markdown("**KL per dimension**", help="Validation images; dimensions below 0.1 nats are grey.")
            figure = _kl_figure(str(job.folder), stamp, end)
            st.plotly_chart(figure, key=f"kl-{job.id}", config=STILL)


@st.cache_resource(max_entries=16, show_spinner=False)
def _learning_curves(folder: str, stamp: str, end: int, objective: str) -> Any:
    return figures.learning_curves(_read(folder, stamp), end, objective)


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
