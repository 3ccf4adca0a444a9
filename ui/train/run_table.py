"""The table of runs below the form: what was trained, when, and what came of it. A click on a row shows that run."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import streamlit as st

from ui.components import reports
from ui.shared import job_card, page
from ui.train import run_evidence
from ui.train.run_actions import in_short
from ui.train.state import JOB, STATE
from vae.jobs import queue
from vae.jobs.job import Job
from vae.storage import probe
from vae.training.diagnostics import verdict
from vae.training.diagnostics.evidence import Evidence
from vae.training.run_folder import history, request_files

POLL_SECONDS = 2.0
TABLE, FOLLOWED = "runs_table", "runs_followed"
ROW_PIXELS, MOST_ROWS = 35, 12
NOTHING = float("nan")


def show(current: Job | None) -> None:
    """All training runs, the newest first; refreshes itself while one is active."""
    active = any(job.active for job in all_runs())
    st.fragment(_table, run_every=POLL_SECONDS if active else None)(current.id if current else None)


def all_runs() -> list[Job]:
    """Training jobs, the newest first."""
    return [job for job in reversed(queue.all_jobs()) if job.kind == "train"]


def _table(current: str | None) -> None:
    if st.session_state.pop(FOLLOWED, False):
        st.rerun()  # the whole page: the run is shown elsewhere
    with page.error_boundary():
        runs = all_runs()
        if not runs:
            return
        st.subheader("Runs")
        ids = [job.id for job in runs]
        chosen = [ids.index(current)] if current in ids else []
        key = table_key(ids)
        st.session_state[key] = {"selection": {"rows": chosen, "columns": [], "cells": []}}
        st.dataframe(
            columns([_row(job) for job in runs]),
            key=key,
            on_select=partial(_row_chosen, key, ids),
            selection_mode=["single-row", "single-cell"],
            hide_index=True,
            column_config={column.label: column.config() for column in COLUMNS},
            height=(min(len(runs), MOST_ROWS) + 1) * ROW_PIXELS + 3,
            placeholder="–",
            alt="Training runs, the newest first, with their numbers",
        )
        st.caption(
            "Choose a row to show that run; click a heading to sort. Numbers are means per image of the validation "
            "split after the last finished epoch (with early stopping the best one), in nats; the gap is validation − "
            "training loss."
        )


def table_key(ids: list[str]) -> str:
    """Of the table of these runs. A click tells only a place, which meant what stood there then: others have others."""
    return f"{TABLE}-{hashlib.sha256(json.dumps(ids).encode()).hexdigest()[:16]}"


def _row_chosen(key: str, ids: list[str]) -> None:
    """A click into any cell of a row means the row, like one on its box. `ids` are the runs in the table's order."""
    row = reports.chosen_table_row(st.session_state[key])
    if row is not None and row < len(ids):
        STATE.put(JOB, ids[row])
        st.session_state[FOLLOWED] = True


# --- one row ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RunRow:
    """One run as the table shows it; a number that isn't known is NaN."""

    name: str
    state: str
    started: datetime
    epochs: float
    asked: float
    verdict: str
    loss: float
    kl: float
    used_dimensions: float
    gap: float
    took: timedelta | None
    settings: str


@dataclass(frozen=True)
class Column:
    """A heading, where its values come from and how they are written."""

    label: str
    value: Callable[[RunRow], Any]
    config: Callable[[], Any]


def _number(label: str, digits: int, help_text: str) -> Callable[[], Any]:
    return lambda: st.column_config.NumberColumn(label, format=f"%,.{digits}f", help=help_text)


COLUMNS = (
    Column("Name", lambda r: r.name, lambda: st.column_config.TextColumn("Name", pinned=True)),
    Column("State", lambda r: r.state, lambda: st.column_config.TextColumn("State")),
    Column("Started", lambda r: r.started, lambda: st.column_config.DatetimeColumn("Started", format="D MMM, HH:mm")),
    Column("Epochs", lambda r: r.epochs, _number("Epochs", 0, "Finished epochs.")),
    Column("Of", lambda r: r.asked, _number("Of", 0, "Epochs that were asked for.")),
    Column(
        "Verdict",
        lambda r: r.verdict,
        lambda: st.column_config.TextColumn("Verdict", help="What the run's numbers mean together."),
    ),
    Column("Validation loss", lambda r: r.loss, _number("Validation loss", 2, "Lower is better.")),
    Column("KL", lambda r: r.kl, _number("KL", 2, "How much the latents say about an image.")),
    Column(
        "Used dimensions",
        lambda r: r.used_dimensions,
        _number("Used dimensions", 0, "Those that tell at least 0.1 nats of an image."),
    ),
    Column("Gap", lambda r: r.gap, _number("Gap", 2, "Much above 0 means overfitting.")),
    Column(
        "Time",
        lambda r: r.took,
        lambda: st.column_config.NumberColumn(
            "Time", format="compact", help="Hours:minutes:seconds, since it was last started."
        ),
    ),
    Column("Settings", lambda r: r.settings, lambda: st.column_config.TextColumn("Settings")),
)


def columns(rows: list[RunRow]) -> dict[str, list[Any]]:
    """The table, column by column."""
    return {column.label: [column.value(row) for row in rows] for column in COLUMNS}


def _row(job: Job) -> RunRow:
    request = request_files.read_or_none(job)
    values, known = job.progress or {}, _known(job)
    asked = values.get("epochs") or (request.train.epochs if request else None)
    word, _ = job_card.STATES.get(job.state, (job.state, ""))
    return RunRow(
        name=request_files.output_of(job) or job.title,
        state="Stopping" if job.stopping else OUTCOMES.get(str(values.get("outcome")), word),
        started=datetime.fromtimestamp(job.started or job.created, UTC).astimezone(),
        epochs=known.epoch,
        asked=asked if isinstance(asked, int) else NOTHING,
        verdict=known.verdict,
        loss=known.loss,
        kl=known.kl,
        used_dimensions=known.used_dimensions,
        gap=known.gap,
        took=_took(job),
        settings=in_short(request) if request else "",
    )


def _took(job: Job) -> timedelta | None:
    """From the run's start to its end, or until now."""
    ended = time.time() if job.active else job.ended
    return timedelta(seconds=max(0, round(ended - job.started))) if job.started and ended else None


OUTCOMES = {"early_stopped": "Stopped early", "diverged": "Diverged"}


@dataclass(frozen=True)
class Known:
    """What the table shows of the epoch that counts; a number that isn't known is NaN."""

    epoch: float = 0
    loss: float = NOTHING
    kl: float = NOTHING
    used_dimensions: float = NOTHING
    gap: float = NOTHING
    verdict: str = ""


def _known(job: Job) -> Known:
    """The last finished epoch, or the best one where early stopping went back to it."""
    stamp = probe.stamp(job.folder / history.FILE)
    if not stamp:
        return Known()
    return _read(str(job.folder), stamp.changed, stamp.size, run_evidence.outcome(job), job)


@st.cache_data(max_entries=500, show_spinner=False)
def _read(folder: str, changed: int, size: int, outcome: str, _job: Job) -> Known:
    rows, request = history.read(_job.folder), request_files.read_or_none(_job)
    if not rows or request is None:
        return Known(rows[-1].get("epoch", 0) if rows else 0)
    evidence = Evidence(rows, request.model, request.train, outcome)
    row, judged = evidence.kept, verdict.judge(evidence)
    return Known(
        row.row.get("epoch", 0),
        row.loss("validation"),
        row.kl() if evidence.has_kl else NOTHING,
        evidence.used_dimensions,
        row.loss("validation") - row.loss("train"),
        "" if judged.level == "open" else judged.title,
    )
