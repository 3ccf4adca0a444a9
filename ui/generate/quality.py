"""How good a model's samples are: what was measured, and a job that measures it."""

from __future__ import annotations

import streamlit as st

from ui.shared import job_card, page
from ui.shared.job_card import Command
from vae.budget import needs
from vae.checkpoints.checkpoint import Checkpoint
from vae.sample_quality import quality_files, shipped
from vae.sample_quality.quality_files import ROWS, Quality, QualityRow

NUMBER = 10_000  # samples of each kind, as the command draws
LACKING = "These numbers were measured before this one existed. Measuring again adds it."


def show(checkpoint: Checkpoint) -> None:
    """The table, folded away; or the way to measure it."""
    with page.error_boundary(), st.expander("How good are this model's samples?", icon=":material/straighten:"):
        found = quality_files.recorded(checkpoint)
        if found:
            _table(found)
        elif checkpoint.dataset.name in shipped.NAMES:
            st.caption("Not measured yet: 10,000 samples each from the prior and the mixture, about a minute.")
        else:
            st.caption(
                "Sample quality is measured on features of a classifier, which ships for "
                f"{' and '.join(shipped.NAMES)} only."
            )
            return
        work = Command("quality", f"Sample quality of {checkpoint.name}", ("quality", checkpoint.name))
        label, need = "Measure again" if found else "Measure", needs.measuring(checkpoint.model, NUMBER)
        job_card.offer(work, need, label, "quality-measure", ":material/straighten:")


def _table(quality: Quality) -> None:
    st.dataframe(
        [_line(quality.row(kind), title) for kind, title in ROWS.items()],
        hide_index=True,
        column_config={
            name: st.column_config.Column(help=page.escape(quality.protocols.get(key, LACKING)))
            for name, key in (
                ("squared Fréchet distance", "distance"),
                ("precision", "precision"),
                ("recall", "recall"),
                ("density", "density"),
                ("coverage", "coverage"),
                ("classes seen", "classes_seen"),
                ("sure", "sure"),
            )
        },
    )
    st.caption(page.escape(f"{quality.about} {quality.protocols['distance']}"))


def _line(row: QualityRow, title: str) -> dict[str, object]:
    return {
        "": title[:1].upper() + title[1:],
        "images": f"{row.images:,}",
        "squared Fréchet distance": f"{row.distance:.2f}",
        "precision": f"{row.precision:.3f}",
        "recall": f"{row.recall:.3f}",
        "density": _measured(row.density),
        "coverage": _measured(row.coverage),
        "classes seen": f"{row.classes_seen} of {len(row.shares)}",
        "sure": f"{row.sure:.1%}",
    }


def _measured(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.3f}"
