"""All runs: what was trained, when, and what came of it, in a table for each kind of loss. A click shows a run."""

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
from ui.train import comparison, run_evidence
from ui.train.run_actions import in_short
from ui.train.state import JOB, STATE
from vae.checkpoints.loss_group import loss_group
from vae.jobs import queue
from vae.jobs.job import Job
from vae.storage import probe
from vae.training.diagnostics import verdict
from vae.training.diagnostics.evidence import Evidence
from vae.training.run_folder import history, request_files

POLL_SECONDS = 2.0
TABLE, FOLLOWED, TICKED = "runs_table", "runs_followed", "runs_ticked"
ROW_PIXELS, MOST_ROWS = 35, 12
SHOWN = "▸ "  # before the name of the run above
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
        st.subheader("Runs", help=MEASURED)
        st.markdown("Click a run to see it. Tick several to compare their learning curves.")
        for group in groups(runs):
            _one_group(group, current)
        ticked = st.session_state.get(TICKED, set())
        comparison.show({group.title: [job for job in group.runs if job.id in ticked] for group in groups(runs)})


MEASURED = (
    "Numbers are means per image of the validation split after the last finished epoch (with early stopping the best "
    "one), in nats; the gap is validation − training loss. Losses can be compared only within one table: same images, "
    "likelihood, pixels and objective."
)


@dataclass(frozen=True)
class RunGroup:
    """Runs whose losses may be compared, the newest first."""

    title: str
    runs: tuple[Job, ...]


UNREADABLE = "Settings can't be read"


def groups(runs: list[Job]) -> list[RunGroup]:
    """Runs by what their losses share; the group of the newest run first."""
    found: dict[str, list[Job]] = {}
    for job in runs:
        request = request_files.read_or_none(job)
        title = loss_group(request.model, request.train).title if request else UNREADABLE
        found.setdefault(title, []).append(job)
    return [RunGroup(title, tuple(members)) for title, members in found.items()]


def _one_group(group: RunGroup, current: str | None) -> None:
    ids = [job.id for job in group.runs]
    ticked: set[str] = st.session_state.get(TICKED, set())
    key = table_key(ids)
    rows = [i for i, job_id in enumerate(ids) if job_id in ticked]
    st.session_state[key] = {"selection": {"rows": rows, "columns": [], "cells": []}}
    st.markdown(f"**{page.escape(group.title)}**")
    st.dataframe(
        columns([_row(job, job.id == current) for job in group.runs]),
        key=key,
        on_select=partial(_row_chosen, key, ids),
        selection_mode=["multi-row", "single-cell"],
        hide_index=True,
        column_config={column.label: column.config() for column in COLUMNS},
        height=(min(len(ids), MOST_ROWS) + 1) * ROW_PIXELS + 3,
        placeholder="–",
        alt=f"Training runs of {group.title}, the newest first, with their numbers",
    )


def table_key(ids: list[str]) -> str:
    """Of the table of these runs. A click tells only a place, which meant what stood there then: others have others."""
    return f"{TABLE}-{hashlib.sha256(json.dumps(ids).encode()).hexdigest()[:16]}"


def _row_chosen(key: str, ids: list[str]) -> None:
    """A click into a cell shows its run, boxes tick runs to compare. `ids` are the runs in the table's order."""
    choice = reports.table_choice(st.session_state[key])
    ticked: set[str] = st.session_state.get(TICKED, set())
    st.session_state[TICKED] = (ticked - set(ids)) | {ids[row] for row in choice.rows if row < len(ids)}
    if choice.cell is not None and choice.cell < len(ids):
        STATE.put(JOB, ids[choice.cell])
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


def _number(label: str, digits: int, help_text: str, pixels: int = 110) -> Callable[[], Any]:
    # with a width: the one that the table finds by itself cuts the first digit of long numbers
    return lambda: st.column_config.NumberColumn(label, format=f"%,.{digits}f", help=help_text, width=pixels)


COLUMNS = (
    Column("Name", lambda r: r.name, lambda: st.column_config.TextColumn("Name", width=215)),
    Column(
        "Verdict",
        lambda r: r.verdict,
        lambda: st.column_config.TextColumn("Verdict", help="What the run's numbers mean together.", width=150),
    ),
    Column("Validation loss", lambda r: r.loss, _number("Validation loss", 2, "Lower is better.", 120)),
    Column("KL", lambda r: r.kl, _number("KL", 2, "How much the latents say about an image.", 80)),
    Column(
        "Used dimensions",
        lambda r: r.used_dimensions,
        _number("Used dimensions", 0, "Those that tell at least 0.1 nats of an image.", 135),
    ),
    Column("Gap", lambda r: r.gap, _number("Gap", 2, "Much above 0 means overfitting.", 80)),
    Column("Epochs", lambda r: r.epochs, _number("Epochs", 0, "Finished epochs.", 70)),
    Column("Of", lambda r: r.asked, _number("Of", 0, "Epochs that were asked for.", 60)),
    Column(
        "Time",
        lambda r: r.took,
        lambda: st.column_config.NumberColumn(
            "Time", format="compact", help="Hours:minutes:seconds, since it was last started.", width=80
        ),
    ),
    Column("State", lambda r: r.state, lambda: st.column_config.TextColumn("State", width=110)),
    Column("Started", lambda r: r.started, lambda: st.column_config.DatetimeColumn("Started", format="D MMM, HH:mm")),
    Column("Settings", lambda r: r.settings, lambda: st.column_config.TextColumn("Settings")),
)


def columns(rows: list[RunRow]) -> dict[str, list[Any]]:
    """The table, column by column."""
    return {column.label: [column.value(row) for row in rows] for column in COLUMNS}


def _row(job: Job, shown: bool) -> RunRow:
    request = request_files.read_or_none(job)
    values, known = job.progress or {}, _known(job)
    asked = values.get("epochs") or (request.train.epochs if request else None)
    word, _ = job_card.STATES.get(job.state, (job.state, ""))
    return RunRow(
        name=f"{SHOWN if shown else ''}{request_files.output_of(job) or job.title}",
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
