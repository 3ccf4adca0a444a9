"""A model's health, from the one verdict on what its checkpoint keeps, as badge and as warning. No torch."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from ui.shared import page
from vae.checkpoints.checkpoint import Checkpoint
from vae.training.diagnostics.measured import evidence_on
from vae.training.diagnostics.verdict import Verdict, judge

BADGES: Mapping[str, str] = {
    "fine": ":green-badge[:material/check: Fine]",
    "watch": ":orange-badge[:material/visibility: Watch]",
    "failing": ":red-badge[:material/error: Failing]",
    "open": ":gray-badge[Not judged]",
    "": "",  # a fact
}
# What is wrong with a model that only looks as if it worked, and what then becomes of what a page shows.
VANISHED, UNTRAINED = "This model's KL has vanished", "This model has hardly been trained"
STARTS: Mapping[str, str] = {
    "collapsed": VANISHED,
    "not_trained": UNTRAINED,
    "rate_too_low": UNTRAINED,
    "diverged": "The training of this model diverged",
    "rate_too_high": "The training of this model was unstable",
}
EXPLORE, GENERATE, ANOMALIES = "explore", "generate", "anomalies"
ENDS: Mapping[str, Mapping[str, str]] = {
    VANISHED: {
        EXPLORE: "the map shows noise, and the sliders change little.",
        GENERATE: "all its images look alike.",
        ANOMALIES: "scores of mu mean nothing, and every image is compared with the same picture.",
    },
    "": {
        EXPLORE: "groups on the map may mean nothing.",
        GENERATE: "its images are poor.",
        ANOMALIES: "its scores are poor.",
    },
}


def verdict(checkpoint: Checkpoint) -> Verdict:
    """What is to be thought of a model, by its history and its stored numbers."""
    return _verdict(checkpoint.identity, checkpoint)


@st.cache_data(max_entries=64, show_spinner=False)
def _verdict(identity: str, _checkpoint: Checkpoint) -> Verdict:
    return judge(evidence_on(_checkpoint))


def badge(judged: Verdict) -> str:
    """The level and its cause in a few words, as Markdown."""
    cause = f" {page.escape(judged.title)}" if judged.cause else ""
    return f"{BADGES[judged.level]}{cause}"


def warning(judged: Verdict, where: str) -> str:
    """One sentence for a page (`EXPLORE`, `GENERATE` or `ANOMALIES`); empty for a model that can be used there."""
    start = STARTS.get(judged.cause)
    if start is None or judged.level != "failing":
        return ""
    return f"{start}: {ENDS.get(start, ENDS[''])[where]}"


def is_of_no_use(checkpoint: Checkpoint, where: str) -> bool:
    """Whether a page warns of its model: then nothing that it measures may sound as if the model worked."""
    return bool(warning(verdict(checkpoint), where))


def warn(checkpoint: Checkpoint, where: str) -> None:
    """Say on a page that its model is of no use there; nothing for one that is."""
    if said := warning(verdict(checkpoint), where):
        with st.container(key="health_warning"):
            st.warning(said, icon=":material/heart_broken:")
