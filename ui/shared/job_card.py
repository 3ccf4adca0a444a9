"""Shows and steers jobs; vae/jobs/queue.py runs them. A page shows a job, it doesn't own it."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import streamlit as st

from ui import palette
from ui.components import clicks
from ui.shared import formatting, page
from ui.shared.sessions import ownership
from vae.budget import limits
from vae.budget.needs import Need
from vae.errors import BudgetError, JobError
from vae.jobs import queue
from vae.jobs.job import Job
from vae.training.run_folder.status import resumable

POLL_SECONDS = 1.0
RECENT_SECONDS = 3600.0  # a download that failed longer ago is no longer news
STATES = {
    "queued": ("Queued", "gray"),
    "running": ("Running", "blue"),
    "done": ("Done", "green"),
    "stopped": ("Stopped", "orange"),
    "failed": ("Failed", "red"),
    "died": ("Crashed", "red"),
}
FAILED = ("failed", "died")
USUALLY = {
    "t-SNE map": "usually under a minute",
    "UMAP map": "usually under a minute",
}  # stages that can't say how far they are
BUSY = """
<style>
  .lse-busy { height: 0.5rem; border-radius: 0.25rem; overflow: hidden; background: rgb(128 128 128 / 0.18); }
  .lse-busy i { display: block; height: 100%; width: 25%; border-radius: inherit; background: ACCENT;
    animation: lse-busy 1.8s ease-in-out infinite alternate; }
  @keyframes lse-busy { from { margin-left: 0; } to { margin-left: 75%; } }
  @media (prefers-reduced-motion: reduce) { .lse-busy i { animation: none; width: 100%; opacity: 0.4; } }
</style>
<div class="lse-busy" role="progressbar" aria-label="working"><i></i></div>
""".replace("ACCENT", palette.ACCENT)


def card(job_id: str, details: Callable[[Job], None] | None = None) -> None:
    """One job: title, state, progress, a way to stop it, and why it failed; `details` draws what its kind adds.

    Refreshes itself while the job is active, and reruns the page once when the job ends. Works inside a fragment.
    Raises JobError for an unknown job.
    """
    active = queue.get(job_id).active
    st.fragment(_card, run_every=POLL_SECONDS if active else None)(job_id, active, details)


def _card(job_id: str, was_active: bool, details: Callable[[Job], None] | None) -> None:
    with page.error_boundary():
        try:
            job = queue.get(job_id)
        except JobError:
            if was_active:  # deleted from elsewhere: the page has to choose anew
                st.rerun()
            raise
        if job.state == "queued":
            queue.nudge()  # whoever should have started it may have been killed
        if was_active and not job.active:
            st.rerun()
        with st.container(border=True):
            _head(job)
            _progress(job) if job.active else _outcome(job)
        if details:
            details(job)


def badge(job: Job) -> str:
    """The state in a word, as Markdown."""
    word, colour = ("Diverged", "red") if diverged(job) else STATES.get(job.state, (job.state, "gray"))
    return f":{colour}-badge[{'Stopping' if job.stopping else page.escape(word)}]"


def diverged(job: Job) -> bool:
    """Whether it ended because its loss grew without bounds."""
    return not job.active and (job.progress or {}).get("outcome") == "diverged"


def _head(job: Job) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"**{page.escape(job.title)}** &ensp;{badge(job)}", width="content")
        if not job.active:
            ended = job.ended or job.created
            took = f", took {formatting.exactly(ended - job.started)}" if job.started and job.ended else ""
            st.caption(formatting.ago(ended, time.time()) + took, width="content")
            return
        note = ownership.of_run(job)
        others = not ownership.may_change(note)
        if (
            clicks.button(
                stop_label(job),
                f"stop-{job.id}",
                icon=":material/stop_circle:",
                disabled=job.stopping or others,
                help=ownership.refusal(note) if others else None,
            )
            and not others
        ):
            queue.stop(job.id)
            st.rerun()


def stop_label(job: Job) -> str:
    """What stopping would do now."""
    if job.state == "queued":
        return "Remove from the queue"
    if job.kind != "train":
        return "Stop"
    progress = job.progress or {}
    if progress.get("stage") in ("encoding test images", "PCA map", "t-SNE map"):
        return "Finish without t-SNE and UMAP"
    if progress.get("stage") == "UMAP map":
        return "Finish without UMAP"
    return "Stop and keep the last finished epoch" if progress.get("epoch") else "Stop (nothing to keep yet)"


def _progress(job: Job) -> None:
    values = job.progress or {}
    fraction = values.get("fraction")
    if job.state == "queued" and ahead(job):
        st.progress(0.0)
    elif isinstance(fraction, int | float):
        st.progress(min(1.0, max(0.0, float(fraction))))
    else:
        st.html(BUSY)
    st.caption(page.escape(status(job)))


def status(job: Job) -> str:
    """What an active job does now and how long that still takes, in one line."""
    if job.stopping:
        return "Stopping: it keeps what is finished."
    if job.state == "queued":
        before = ahead(job)
        return f"Waiting: {formatting.count(before, 'job')} before it." if before else "Starting."
    values: dict[str, Any] = job.progress or {}
    stage = str(values.get("stage") or "")
    if not stage:
        return "Starting: loading PyTorch takes a few seconds."
    parts = [formatting.first_upper(stage)]
    if isinstance(fraction := values.get("fraction"), int | float):
        parts.append(f"{fraction:.0%}")
    if isinstance(left := values.get("seconds_left"), int | float):
        parts.append(f"about {formatting.about(left)} left" if left >= 2 else "a moment left")
    elif stage in USUALLY:
        parts.append(USUALLY[stage])
    return " · ".join(parts)


def how_far(job: Job) -> str:
    """The share that is done of an active job and how long the rest takes, in a few words."""
    values: dict[str, Any] = job.progress or {}
    fraction, left = values.get("fraction"), values.get("seconds_left")
    if not isinstance(fraction, int | float):
        return str(values.get("stage") or "starting")
    if fraction >= 1:
        return "nearly done"
    rest = f", {formatting.about(left)} left" if isinstance(left, int | float) and left >= 2 else ""
    return f"{fraction:.0%}{rest}"


def line(job_id: str, what: str, key: str) -> None:
    """An active job in one line, where a card would be too much: `what` it does, how far it is, and a way to stop it.

    Refreshes itself, and reruns the page once when the job ends.
    """
    st.fragment(_line, run_every=POLL_SECONDS)(job_id, what, key)


def _line(job_id: str, what: str, key: str) -> None:
    with page.error_boundary():
        try:
            job = queue.get(job_id)
        except JobError:  # deleted from elsewhere
            st.rerun()
        if not job.active:
            st.rerun()
        if job.state == "queued":
            queue.nudge()
        with st.container(key=key, horizontal=True, width="content", vertical_alignment="center"):
            st.caption(page.escape(f"{what}: {'stopping' if job.stopping else how_far(job)}"), width="content")
            if not ownership.may_change(ownership.of_run(job)):
                return
            if clicks.button("Stop", f"stop_{key}", type="tertiary", disabled=job.stopping):
                queue.stop(job.id)
                st.rerun()


def ahead(job: Job) -> int:
    """How many jobs a queued one waits for."""
    lane = [other for other in queue.all_jobs() if other.active and other.lane == job.lane and other.id != job.id]
    running = sum(other.state == "running" for other in lane)
    waiting = sum(other.state == "queued" and (other.turn, other.id) < (job.turn, job.id) for other in lane)
    return max(0, running + waiting + 1 - queue.PLACES.get(job.lane, 1))


def _outcome(job: Job) -> None:
    values = job.progress or {}
    if job.state in FAILED:
        _reason(job)
    elif message := values.get("message"):
        st.markdown(page.escape(str(message)))
    elif job.state == "stopped":
        nothing = "Stopped before the first epoch was finished; nothing was kept."
        if resumable(job):
            nothing = "Stopped before it went on; its last finished epoch is still in the run folder."
        st.markdown(nothing if job.kind == "train" else "Stopped; nothing was changed.")
    if warning := values.get("warning"):
        st.caption(page.escape(str(warning)))


def _reason(job: Job) -> None:
    st.code(formatting.without_stack_trace(job.reason) or "It gave no reason.", language=None, wrap_lines=True)
    st.caption(f"All it printed: `{job.folder / 'log.txt'}`")


# --- work that a page offers ------------------------------------------------------------------------------------------


class Work(ABC):
    """Something that a page can have done by a job."""

    @abstractmethod
    def jobs(self) -> list[Job]:
        """The jobs that do it or did it, oldest first."""

    @abstractmethod
    def submit(self) -> None:
        """Queue a job that does it. Raises JobError."""

    def start(self) -> None:
        """Submit it, unless a second click or another tab was faster. Raises JobError."""
        if not any(job.active for job in self.jobs()):
            self.submit()


@dataclass(frozen=True)
class Command(Work):
    """A command of `python -m vae`, and what to call it."""

    kind: str
    title: str
    arguments: tuple[str, ...]
    lane: str = "compute"

    def jobs(self) -> list[Job]:
        return [job for job in queue.all_jobs() if job.kind == self.kind and job.arguments == self.arguments]

    def submit(self) -> None:
        job = queue.submit(self.kind, self.title, list(self.arguments), lane=self.lane)
        ownership.claim(ownership.of_run(job))


def offer(work: Work, need: Need, label: str, key: str, icon: str) -> None:
    """The job that does the work now; else a button that starts it, below the last job where that brought nothing.

    Without the memory that it needs there is no button: what is lacking stands in its place.
    """
    if active_card(work):
        return
    last_card(work, (*FAILED, "stopped"))
    if _fits(need):
        _start_button(work, label, key, icon)


def _fits(need: Need) -> bool:
    """Say about how much memory the work takes; whether there is that much. The reason is shown where there is not."""
    try:
        limits.check_memory(need, "This")
    except BudgetError as error:
        page.show_error(error)
        return False
    st.caption(f"Takes about {limits.size(limits.on_host(need).total)} of memory.")
    return True


def active_card(work: Work) -> bool:
    """Show the job that does the work now; whether there is one."""
    active = [job for job in work.jobs() if job.active]
    if active:
        card(active[0].id)
    return bool(active)


def last_card(work: Work, states: Collection[str]) -> None:
    """Show the last job that did the work, where it ended in one of these states."""
    if (jobs := work.jobs()) and jobs[-1].state in states:
        card(jobs[-1].id)


def download_offer(dataset_name: str, title: str, megabytes: int) -> None:
    """A button that downloads a data set, or the download that already runs; after a failure, why, and try again."""
    work = Command("fetch", f"Download {title}", ("fetch", dataset_name), lane="network")
    if active_card(work):
        return
    last = next(reversed(work.jobs()), None)
    failed = last is not None and last.state in FAILED and time.time() - last.created < RECENT_SECONDS
    if last is not None and failed:
        why = (formatting.without_stack_trace(last.reason) or "It gave no reason.").strip().splitlines()
        said = page.escape(f"{title} was not downloaded; nothing was changed. {why[-1]}")
        st.warning(said, icon=":material/cloud_off:")
    label = f"{'Try again: download' if failed else 'Download'} {title} ({megabytes} MB)"
    _start_button(work, label, f"download-{dataset_name}", ":material/download:")


def _start_button(work: Work, label: str, key: str, icon: str) -> None:
    if not clicks.button(label, key, icon=icon):
        return
    try:
        work.start()
    except JobError as error:
        page.show_error(error)
        return
    st.rerun()
