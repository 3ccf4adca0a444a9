"""How long the training would take on this machine, from a short measured trial (`python -m vae trial`).

The trial is a job. It starts when the form has been still for a moment, and is stopped when the settings change.
Results stay in derived/trials/, so that the same settings answer at once. Nothing here keeps anybody from training.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass

import streamlit as st

from ui.shared import formatting, page
from vae.errors import JobError, VAEError
from vae.jobs import queue
from vae.jobs.job import Job
from vae.training import speed
from vae.training.request import TrainingRequest
from vae.training.run_folder import request_files

POLL_SECONDS = 1.0
STILL_SECONDS = 1.0  # without a change, before a trial starts
JUST_NOW, FORGOTTEN_AFTER = 120.0, 60.0
MINE, SEEN, FAILED, WAITING, STARTED = "trial_job", "trial_seen", "trial_failed", "trial_waiting", "trial_started"
MEASURING = "Measuring how fast this machine is…"


def show(wanted: TrainingRequest | None) -> None:
    """The estimate for these settings; refreshes itself only while it waits for one. None: the form has an error."""
    waiting = _step(wanted)
    if st.session_state.get(WAITING) and not waiting:
        st.session_state[WAITING] = False
        st.rerun()  # the whole page: that ends the refreshing
    st.session_state[WAITING] = waiting
    st.fragment(_line, run_every=POLL_SECONDS if waiting else None)(wanted)


def _line(wanted: TrainingRequest | None) -> None:
    with page.error_boundary():
        waiting = _step(wanted)
        if st.session_state.get(WAITING) and not waiting:
            st.session_state[WAITING] = False
            st.rerun()
        if wanted is None:
            return
        result = speed.read(wanted)
        if result:
            told = estimate(result, wanted.train.epochs, time.time())
            st.caption(page.escape(told.sentence), help=page.escape(told.measured))
        elif waiting:
            st.caption(f":material/timer: {MEASURING}")
        elif why := _why(wanted):
            st.caption(page.escape(f"How long it takes is not known: {why}"))


def _why(wanted: TrainingRequest) -> str:
    failed = st.session_state.get(FAILED) or {}
    return str(failed["why"]) if failed.get("key") == speed.comparable(wanted) else ""


def training_starts(wanted: TrainingRequest) -> None:
    """No trial of these settings while they are being trained: it would only slow the training down."""
    stop_trial()
    st.session_state[STARTED] = speed.comparable(wanted)


@dataclass(frozen=True)
class Estimate:
    """How long a training takes, and how that is known."""

    sentence: str
    measured: str


def estimate(result: speed.Trial, epochs: int, now: float) -> Estimate:
    """The time of the whole training, and what it is made of."""
    ago = "just now" if now - result.measured < JUST_NOW else formatting.ago(result.measured, now)
    total = formatting.about(result.seconds(epochs))
    text = f"{'A moment' if total == 'a moment' else f'About {total}'} on this machine."
    if result.shared:
        text = f"{text} Another job was computing meanwhile; alone it is faster."
    measured = (
        f"{_seconds(result.start_seconds)} to start, {formatting.count(epochs, 'epoch')} of "
        f"{_seconds(result.seconds_per_epoch)} each, measured {ago} over {result.measured_seconds:.1f} s of training; "
        f"then the maps of the test images."
    )
    return Estimate(text, measured)


def _seconds(seconds: float) -> str:
    if seconds < 0.1:
        return f"{max(1, round(1000 * seconds))} ms"
    return f"{seconds:.2g} s" if seconds < 100 else formatting.about(seconds)


# --- the trial as a job -----------------------------------------------------------------------------------------------


def _step(wanted: TrainingRequest | None) -> bool:
    """Start, stop and clear away trials as the settings ask for. Returns whether there is something to wait for."""
    try:
        return _measured_soon(wanted)
    except (VAEError, OSError) as error:  # no place to write, say: the training will tell, if it matters to it
        st.session_state[FAILED] = {"key": wanted and speed.comparable(wanted), "why": _one_line(str(error))}
        return False


def _measured_soon(wanted: TrainingRequest | None) -> bool:
    key = wanted and speed.comparable(wanted)
    _clear_away()
    mine = _mine()
    if mine is not None and request_files.read_or_none(mine) != key:
        stop_trial()
        mine = None
    if wanted is None or key is None:
        return False
    if _answered(wanted):
        return mine is not None  # it is about to end, and then cleared away
    if st.session_state.get(STARTED) == key and speed.another_job_computes():
        return False  # the training itself tells how long it takes, and needs the processor
    if (st.session_state.get(FAILED) or {}).get("key") == key:
        return False
    if mine is None and _still(key):
        st.session_state[MINE] = speed.submit(wanted).id
    return True


def _answered(wanted: TrainingRequest) -> bool:
    """Whether the time is known; one that was measured beside another job counts only while one computes."""
    result = speed.read(wanted)
    if result is not None:
        st.session_state[FAILED] = None
    return result is not None and (not result.shared or speed.another_job_computes())


def _still(key: TrainingRequest) -> bool:
    """Whether the same settings have been there for a moment."""
    seen = st.session_state.get(SEEN)
    if seen is None or seen["key"] != key:
        st.session_state[SEEN] = seen = {"key": key, "since": time.time()}
    return bool(time.time() - seen["since"] >= STILL_SECONDS)


def _mine() -> Job | None:
    """The trial that this session started, while it is active."""
    job_id = st.session_state.get(MINE)
    mine = next((job for job in queue.all_jobs() if job.id == job_id and job.active), None)
    if mine is not None and mine.state == "queued":
        queue.nudge()
    return mine


def stop_trial() -> None:
    """End this session's trial: its settings are no longer asked for."""
    mine, st.session_state[MINE] = _mine(), None
    if mine is not None:
        with suppress(VAEError):  # it ends by itself in a few seconds
            queue.stop(mine.id)


def _clear_away() -> None:
    """Delete ended trials: this session's, after a look at how it ended, and what other sessions left behind."""
    for job in queue.all_jobs():
        if job.kind != "trial" or job.active:
            continue
        mine = job.id == st.session_state.get(MINE)
        if mine:  # once a session and settings: a trial that fails, or whose result can't be read, would fail again
            why = formatting.without_stack_trace(job.reason) or "the trial left no result."
            st.session_state[FAILED] = {"key": request_files.read_or_none(job), "why": _one_line(why)}
        if mine or time.time() - (job.ended or job.created) > FORGOTTEN_AFTER:
            with suppress(JobError):  # another session was faster
                queue.delete(job.id)


def _one_line(text: str) -> str:
    return formatting.shortened((text.strip().splitlines() or [""])[-1], 200)
