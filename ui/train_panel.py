"""The right side of Train: one run, its numbers, its learning curve, and the way to Explore."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui import cache, figures, picker, shell, words
from ui import jobs as job_ui
from ui.figures import Curve
from ui.train_form import output_name
from vae import jobs
from vae.errors import JobError
from vae.jobs import Job
from vae.records import Summary

MANY_EPOCHS = 40  # markers of more run into each other
NOT_A_LIKELIHOOD = "Test loss = −ELBO of the test images: a loss, not a likelihood (pixels are grey, not 0 or 1)."


def chosen_job() -> tuple[Job | None, JobError | None]:
    """The run that the URL names, or why it can't be shown; without one, the newest that has not ended."""
    job_id = st.query_params.get("job")
    if job_id:
        try:
            return jobs.get(job_id), None
        except JobError as error:
            return None, error
    active = [job for job in jobs.all_jobs() if job.kind == "train" and job.active]
    if not active:
        return None, None
    st.query_params["job"] = active[-1].id
    return active[-1], None


def finished_model(job: Job | None) -> Summary | None:
    """The model that a run wrote, if it is still there."""
    if job is None or job.active or not (job.progress or {}).get("finished"):
        return None
    return next((summary for summary in cache.summaries() if summary.name == output_name(job)), None)


def show(job: Job | None, problem: JobError | None) -> None:
    """The chosen run, or what there is to say instead."""
    if problem:
        shell.show_error(problem)
    if job is None:
        with st.container(border=True):
            st.markdown("**Nothing is training.**")
            st.caption(
                "A run shows its progress and learning curve here. Digits take a few seconds, MNIST a few minutes; "
                "you can leave this page meanwhile."
            )
        return
    job_ui.card(job.id, _details)


def _details(job: Job) -> None:
    values = job.progress or {}
    history: list[dict[str, float]] = values.get("history") or []
    model = finished_model(job)
    if job.kind == "train" and not job.active:
        _way_to_explore(job, model)
    if not history:
        return
    _numbers(history, int(values.get("epochs") or len(history)), model)
    st.plotly_chart(
        curve(history, int(values.get("epochs") or 0) if job.active else len(history)),
        key=f"curve-{job.id}",
        config={"displayModeBar": False},
    )


def _way_to_explore(job: Job, model: Summary | None) -> None:
    if model is not None and model.problem is None:
        if st.button("Open in Explore", key="open_in_explore", type="primary", icon=":material/explore:"):
            st.session_state[picker.CHOSEN] = model.name
            st.switch_page("app.py")
    elif model is not None and model.problem is not None:
        shell.show_error(model.problem)
    elif (job.progress or {}).get("finished"):
        st.caption(f"The model {shell.escape(output_name(job))} is no longer on this machine.")
    elif job.state in ("failed", "died"):
        st.caption("No model was written.")


def _numbers(history: list[dict[str, Any]], epochs: int, model: Summary | None) -> None:
    last = history[-1]
    tiles = st.grid(4, min_column_width=128, gap="small")
    tiles.metric("Epoch", f"{len(history):,} :small[of {epochs:,}]")
    tiles.metric("Validation ELBO", nats(last.get("validation_elbo")))
    tiles.metric("Validation KL", nats(last.get("validation_kl")))
    note = (
        "Means per image: validation at the end of each epoch, training while its weights moved. "
        "ELBO = reconstruction − KL; higher is better."
    )
    if model is not None and model.elbo is not None:
        tiles.metric("Test loss", nats(-model.elbo))
        note += f" {NOT_A_LIKELIHOOD}"
    else:
        tiles.metric("Images per second", words.number(last.get("images_per_second"), 0))
    st.caption(note)


def nats(value: Any) -> str:
    """A number and its unit, as Markdown."""
    return f"{words.number(value)} :small[nats]"


def curve(history: list[dict[str, float]], epochs: int) -> Any:
    """Training and validation ELBO over epochs; the axis shows how many are still to come."""
    done = [row["epoch"] for row in history]
    lines = [
        Curve("Validation", [row["validation_elbo"] for row in history]),
        Curve("Training", [row["train_elbo"] for row in history]),
    ]
    figure = figures.learning_curves(done, lines, "ELBO, nats per image (higher is better)")
    figure.update_xaxes(range=[0, max(epochs, len(history)) * 1.02], tickformat=",d")
    if len(history) > MANY_EPOCHS:
        figure.update_traces(mode="lines")
    return figure
