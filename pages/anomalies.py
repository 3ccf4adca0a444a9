"""Find images that don't belong, and see why."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui import (
    anomaly_gallery,
    anomaly_histogram,
    anomaly_image,
    anomaly_judged,
    anomaly_map,
    anomaly_scoring,
    anomaly_settings,
    anomaly_take_away,
    anomaly_train,
    cache,
    picker,
    shell,
)
from ui import jobs as job_ui
from ui.anomaly_scoring import Scored
from ui.anomaly_state import FIELDS, STATE
from vae.errors import DatasetMissingError
from vae.records import Checkpoint
from vae.scores.normal import NormalChoice

LOOKS = {"gallery": "Images", "map": "Map", "curves": "Curves", "scores": "All scores"}


def anomalies() -> None:
    """Pick a checkpoint, then the workbench."""
    linked = STATE.begin()
    checkpoint = picker.choose(linked["model"][-1] if linked and "model" in linked else None)
    if checkpoint is not None:
        workbench(checkpoint, picker.link_text(checkpoint))


@st.fragment
def workbench(checkpoint: Checkpoint, model_text: str) -> None:
    """Settings, the histogram over what was found, and one image."""
    STATE.begin_part(keep=())
    with st.container(key="workbench"):
        settings, middle, detail = st.columns([1.1, 2.3, 1.35], gap="medium")
    notices = middle.container()  # above all that says what of a link it can't follow
    with middle, shell.error_boundary():
        try:
            work(checkpoint, settings, middle, detail)
        except DatasetMissingError as error:
            shell.show_error(error)
            if missing := cache.missing_dataset(checkpoint):
                job_ui.download_offer(missing.name, missing.title, missing.download_mb)
    for problem in STATE.problems():
        notices.warning(shell.escape(problem), icon=":material/link_off:")
    STATE.write_url(model_text)


def work(checkpoint: Checkpoint, settings: DeltaGenerator, middle: DeltaGenerator, detail: DeltaGenerator) -> None:
    """From the settings to one image; what is wrong with the source is said when all settings are there."""
    with settings:
        choice = anomaly_settings.normal_choice(checkpoint)
        anomaly_train.show(checkpoint, choice)
        kind = anomaly_settings.source_kind()
        place = st.container()
        name = anomaly_settings.score_name(choice)
        with place:
            wanted = anomaly_settings.wanted(checkpoint, kind)
    if wanted is None:
        middle.info("Choose what to score.", icon=":material/image_search:")
        return
    anomaly_settings.forget_what_changed((checkpoint.identity, choice.key(), name), wanted.key)
    with middle:
        seen = anomaly_scoring.see(checkpoint, wanted.source, wanted.key)
        fitted = anomaly_scoring.fitted(checkpoint, choice, name)
        raw = anomaly_scoring.scored(checkpoint, fitted, seen, wanted.key, choice)
    with settings:
        found = anomaly_scoring.with_rule(raw, anomaly_settings.rule(fitted.threshold))
        st.session_state[anomaly_settings.THRESHOLD] = found.detector.threshold
        anomaly_take_away.show(checkpoint, found)
    with middle:
        anomaly_settings.show_notes(found.seen)
        anomaly_histogram.show(found)
        look(checkpoint, found, choice, wanted.key)
    with detail:
        anomaly_image.show(checkpoint, found, choice)


def look(checkpoint: Checkpoint, found: Scored, choice: NormalChoice, key: str) -> None:
    """One way of looking at the scored images."""
    chosen = FIELDS.words("Look at", "look", LOOKS, "gallery", label_visibility="collapsed")
    if chosen == "gallery":
        anomaly_gallery.show(checkpoint, found)
    elif chosen == "map":
        anomaly_map.show(checkpoint, found)
    elif chosen == "curves":
        anomaly_judged.curves(found, f"{checkpoint.identity} {choice.key()} {key}")
    else:
        anomaly_judged.side_by_side(checkpoint, choice)


with shell.page("Anomalies"):
    anomalies()
