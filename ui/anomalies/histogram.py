"""The histogram of scores with its threshold, and what the threshold does."""

from __future__ import annotations

import streamlit as st

from ui.anomalies.scoring import Judgeable, Scored
from ui.anomalies.state import STATE
from ui.components import events, threshold
from ui.components.threshold.histogram import ScoreGroup
from ui.palette import NORMAL, OUTLIER, UNKNOWN
from ui.shared import page
from vae.anomalies import detectors, thresholds
from vae.anomalies.methods import registry
from vae.anomalies.thresholds import Rule

SEEN = "anomalies_threshold_seen"


def show(found: Scored, judged: Judgeable | None, rule: Rule) -> None:
    """Draw it, and say what the threshold's rule can't keep.

    A threshold that was dragged becomes the person's own, and the page runs again.
    """
    groups = [ScoreGroup("Scored images", found.scores, UNKNOWN)]
    if judged is not None:
        groups = [
            ScoreGroup("Normal", judged.scores[~judged.outlier], NORMAL, False),
            ScoreGroup("Outliers", judged.scores[judged.outlier], OUTLIER, True),
        ]
        if len(judged.unknown):
            groups.append(ScoreGroup("Unknown", judged.unknown, UNKNOWN))
    title = registry.get(found.detector.score).title
    setting = threshold.show(
        groups,
        found.detector.threshold,
        key="anomalies-histogram",
        label=title,
        revision=_revision(found.detector.threshold),
    )
    if setting and events.is_new("anomalies-histogram", setting["id"]):
        value = setting["threshold"]
        st.session_state[SEEN] = value
        STATE.put("rule", "threshold")
        STATE.put("threshold", repr(value))
        st.rerun()  # of a whole run too: it can hold a fragment's event
    held_out = thresholds.count(found.detector.calibration, found.detector.threshold)
    st.caption(
        f"Held-out normal images above the threshold: {held_out.flagged:,} of {held_out.of:,}", help=about(found)
    )
    if few := rule.too_few(held_out.of):
        st.caption(f":material/warning: {few}.")
    if said := detectors.equal_note(found.detector):
        st.caption(f":material/warning: **{said}**")


def _revision(value: float) -> int:
    """Changes when something else than the line, such as a field or a link, has moved the threshold."""
    kept = st.session_state
    if kept.get(SEEN) != value:
        kept[SEEN] = value
        kept["anomalies_revision"] = kept.get("anomalies_revision", 0) + 1
    revision: int = kept["anomalies_revision"]
    return revision


def about(found: Scored) -> str:
    """What the detector was fitted to and how its threshold was chosen."""
    detector = found.detector
    return page.escape(
        f"Normal: {detector.normal}. Threshold {detector.threshold:.4g}, {detector.chosen}. Held-out images are of the "
        "validation split. The range is for new images of the same kind; those taken in another way can be flagged "
        "more often. The few highest and lowest scores stand in the outermost bars."
    )
