"""Find images that don't belong, and see why."""

from __future__ import annotations

import streamlit as st

from ui.anomalies import (
    evaluation,
    export,
    gallery,
    histogram,
    image,
    latent_map,
    looking,
    questions,
    scoring,
    settings,
)
from ui.anomalies.scoring import COURSE, Scored
from ui.anomalies.state import ASK, FIELDS, STATE, step
from ui.shared import cache, job_card, model_picker, page
from ui.shared.detail import detail_panel
from ui.shared.models import health
from vae.anomalies.methods import registry
from vae.anomalies.normal_images import NormalChoice
from vae.checkpoints.checkpoint import Checkpoint
from vae.errors import DatasetMissingError

LOOKS = {"gallery": "Images", "map": "Map"}
EVALUATIONS = {"curves": "Curves", "scores": "All scores"}  # where labels say what is an outlier


def anomalies() -> None:
    """Pick a checkpoint, then the questions, then the review."""
    linked = STATE.begin()
    checkpoint = model_picker.choose(linked["model"][-1] if linked and "model" in linked else None)
    if checkpoint is not None:
        health.warn(checkpoint, health.ANOMALIES)
        workbench(checkpoint, model_picker.link_text(checkpoint))


@st.fragment
def workbench(checkpoint: Checkpoint, model_text: str) -> None:
    """What is normal, what to check, and then the review."""
    STATE.begin_part(keep=())
    settings.begin(checkpoint)
    asking = step() == ASK or not settings.is_there(settings.chosen_kind())
    notices = st.container()  # above all that says what of a link it can't follow
    place = st.container()
    with place, page.error_boundary():
        try:
            if asking:
                questions.show(checkpoint)
            else:
                review(checkpoint)
        except DatasetMissingError as error:
            page.show_error(error)
            if missing := cache.missing_dataset(checkpoint):
                job_card.download_offer(missing.name, missing.title, missing.download_mb)
    for problem in STATE.problems():
        notices.warning(page.escape(problem), icon=":material/link_off:")
    STATE.write_url(model_text)


def review(checkpoint: Checkpoint) -> None:
    """From a slim bar of settings to one image; what is wrong with the source is said when all settings are there."""
    bar = st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="anomalies-bar")
    with bar:  # no icons: all are in one row at 1440 pixels
        with st.popover(f"Normal: {page.escape(settings.normal_text(checkpoint))}"):
            choice = settings.normal_choice(checkpoint)
        kind = settings.chosen_kind()
        source = st.popover(f"Checked: {settings.SOURCES[kind].lower()}")
        chosen = registry.get(settings.chosen_score()).title
        with st.popover(f"Score: {page.escape(chosen)}"):
            name = settings.score_name(checkpoint, choice)
        limit = st.popover(f"Threshold: {settings.rule_text()}")
    columns = detail_panel.beside()
    with source:
        wanted = settings.wanted(checkpoint, settings.source_kind())
        if wanted is not None:
            choice = settings.with_aliases(checkpoint, choice, wanted.source)
    if wanted is None:
        return
    settings.forget_what_changed((checkpoint.identity, choice.key(), name), wanted.key)
    with columns.pictures:
        settings.warn_of_what_was_learned(checkpoint, choice, name)
        seen = looking.see(checkpoint, wanted, choice)
        if seen is None:
            return
        fitted = scoring.fitted(checkpoint, choice, name)
        raw = scoring.scored(checkpoint, fitted, seen, wanted.key, choice)
        st.session_state.pop(COURSE, None)
    with limit:
        rule = settings.rule(fitted.threshold)
    found = scoring.with_rule(raw, rule)
    judged, reason = scoring.judgeable(checkpoint, wanted.source, found, choice)
    st.session_state[settings.THRESHOLD] = found.detector.threshold
    with bar:
        export.show(checkpoint, found)
    with columns.pictures:
        settings.show_notes(found.seen)
        histogram.show(found, judged, rule)
        own = seen.test_rows is not None
        classes = checkpoint.dataset.class_names if own else seen.class_names
        labelled = judged is not None or len(classes) > own
        looks = LOOKS | (EVALUATIONS if labelled else {})
        look = FIELDS.words("Look at", "look", looks, "gallery", label_visibility="collapsed")
        if look == "curves":
            aliases = settings.JOIN.join(choice.aliases)
            evaluation.curves(found, judged, reason, f"{checkpoint.identity} {choice.key()} {aliases} {wanted.key}")
        else:
            show(checkpoint, found, choice, look)
    with columns.panel:
        image.show(checkpoint, found, choice)


def show(checkpoint: Checkpoint, found: Scored, choice: NormalChoice, look: str) -> None:
    """One way of looking at the scored images, or at all scores."""
    if look == "gallery":
        gallery.show(checkpoint, found)
    elif look == "map":
        latent_map.show(checkpoint, found)
    else:
        evaluation.side_by_side(checkpoint, choice)


with page.page("Find anomalies", "Say which images are normal, and find those that are not like them."):
    anomalies()
