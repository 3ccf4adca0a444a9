"""What a person takes along: the scores as CSV, the detector kept beside the checkpoint, the command that uses it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import streamlit as st

from ui.anomalies import marks
from ui.anomalies.scoring import Scored
from ui.anomalies.state import STATE
from ui.components import clicks
from ui.shared import page
from ui.shared.keeping import keeping_fields
from ui.shared.keeping.keeping_fields import Keeping
from ui.shared.sessions import deletion, ownership
from ui.shared.sessions.deletion import Deletion
from vae.anomalies import csv_report, detector_files
from vae.anomalies.csv_report import Columns
from vae.anomalies.detectors import MAX_NAME, Detector
from vae.anomalies.methods import registry
from vae.anomalies.sources import Chunk
from vae.checkpoints.checkpoint import Checkpoint


def show(checkpoint: Checkpoint, found: Scored) -> None:
    """Download, keep, and the kept ones, in a row."""
    said = marks.of(len(found.scores))  # now: what is made later knows no session
    st.download_button(
        "CSV",
        lambda: csv_bytes(found, said),
        f"{checkpoint.name}-{found.detector.score}.csv",
        "text/csv",
        key="anomalies-csv",
        icon=":material/download:",
        on_click="ignore",
        help="Name, score, decision and your review of every image",
    )
    with st.popover("Keep", help="Keep this detector for the command line"):
        _keep(checkpoint, found)


def csv_bytes(found: Scored, reviews: Mapping[int, str]) -> bytes:
    """One row for each image that could be read, in their order; `reviews` by their place."""
    seen = found.seen
    chunk = Chunk(seen.names, seen.images.pixels, seen.labels, seen.rows)
    columns = Columns(row=seen.rows is not None, label=seen.labels is not None, review=True)
    rows = csv_report.rows_of(chunk, found.decisions, seen.class_names, reviews)
    return csv_report.to_bytes(rows, columns)


def _keep(checkpoint: Checkpoint, found: Scored) -> None:
    st.caption("Score, threshold and calibration are kept beside the model and used from the command line.")
    default = plain_name(found.detector)
    keeping = Keeping(
        [kept.name for kept in detector_files.saved(checkpoint)],
        lambda name: detector_files.save(replace(found.detector, name=name)),
        lambda name: detector_files.replace(replace(found.detector, name=name)),
        lambda name: _note(checkpoint, name),
    )
    keeping_fields.show(keeping, default, "anomalies-keep")
    for kept in detector_files.saved(checkpoint):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.caption(
                f"**{page.escape(kept.name)}** · {registry.get(kept.score).title} above {kept.threshold:.4g} · "
                f"{page.escape(kept.normal)}"
            )
            note = _note(checkpoint, kept.name)
            mine = ownership.may_change(note)
            if clicks.button(
                "",
                f"anomalies-delete-{kept.name}",
                icon=":material/delete:",
                help="Delete this detector" if mine else ownership.refusal(note),
                disabled=not mine,
            ):
                deletion.ask(_deletion(checkpoint, kept.name))
        folder = STATE.text("folder") if STATE.text("source") == "folder" else ""
        words = [
            "score",
            checkpoint.name,
            "--images",
            folder or "FOLDER",
            "--detector",
            kept.name,
            "--output",
            "scores.csv",
        ]
        st.code(f"python -m vae {shlex.join(words)}", language="sh", wrap_lines=True)


def plain_name(detector: Detector) -> str:
    """A name for it that needs no quotes in a shell."""
    name = "-".join([detector.score, *detector.classes])
    if re.fullmatch(r"[A-Za-z0-9_-]+", name) and len(name) <= MAX_NAME:
        return name
    return f"{detector.score}-{detector.choice.key()[:8]}"  # other classes may look the same


def _note(checkpoint: Checkpoint, name: str) -> Path:
    return ownership.of_kept(detector_files.path_of(checkpoint.identity, name))


def _deletion(checkpoint: Checkpoint, name: str) -> Deletion:
    lost = f"The detector **{page.escape(name)}** goes for good: its score, its threshold and its calibration."

    def delete() -> None:
        detector_files.delete(checkpoint, name)
        ownership.forget(_note(checkpoint, name))

    return Deletion("detector", lost, _note(checkpoint, name), delete, "anomalies_delete")
