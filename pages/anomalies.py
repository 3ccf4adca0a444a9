"""Find images that don't belong, and see why."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui.anomalies import evaluation, export, gallery, histogram, image, latent_map, looking, retrain, scoring, settings
from ui.anomalies.scoring import Scored
from ui.anomalies.state import FIELDS, STATE
from ui.shared import cache, job_card, model_picker, page
from ui.shared.models import health
from vae.anomalies.normal_images import NormalChoice
from vae.checkpoints.checkpoint import Checkpoint
from vae.errors import DatasetMissingError

LOOKS = {"gallery": "Images", "map": "Map", "curves": "Curves", "scores": "All scores"}


def anomalies() -> None:
    """Pick a checkpoint, then the workbench."""
    linked = STATE.begin()
    checkpoint = model_picker.choose(linked["model"][-1] if linked and "model" in linked else None)
    if checkpoint is not None:
        health.warn(checkpoint, health.ANOMALIES)
        workbench(checkpoint, model_picker.link_text(checkpoint))


@st.fragment
def workbench(checkpoint: Checkpoint, model_text: str) -> None:
    """Settings, the histogram over what was found, and one image."""
    STATE.begin_part(keep=())
    with st.container(key="workbench"):
        left, middle, detail = st.columns([1.1, 2.3, 1.35], gap="medium")
    notices = middle.container()  # above all that says what of a link it can't follow
    with middle, page.error_boundary():
        try:
            work(checkpoint, left, middle, detail)
        except DatasetMissingError as error:
            page.show_error(error)
            if missing := cache.missing_dataset(checkpoint):
                job_card.download_offer(missing.name, missing.title, missing.download_mb)
    for problem in STATE.problems():
        notices.warning(page.escape(problem), icon=":material/link_off:")
    STATE.write_url(model_text)


def work(checkpoint: Checkpoint, left: DeltaGenerator, middle: DeltaGenerator, detail: DeltaGenerator) -> None:
    """From the left to one image; what is wrong with the source is said when all left are there."""
    with left:
        choice = settings.normal_choice(checkpoint)
        retrain.show(checkpoint, choice)
        kind = settings.source_kind()
        place = st.container()
        name = settings.score_name(choice)
        with place:
            wanted = settings.wanted(checkpoint, kind)
            if wanted is not None:
                choice = settings.with_aliases(checkpoint, choice, wanted.source)
    if wanted is None:
        middle.info("Choose what to score.", icon=":material/image_search:")
        return
    settings.forget_what_changed((checkpoint.identity, choice.key(), name), wanted.key)
    with middle:
        seen = looking.see(checkpoint, wanted)
        if seen is None:
            return
        fitted = scoring.fitted(checkpoint, choice, name)
        raw = scoring.scored(checkpoint, fitted, seen, wanted.key, choice)
    with left:
        found = scoring.with_rule(raw, settings.rule(fitted.threshold))
        judged, reason = scoring.judgeable(checkpoint, wanted.source, found, choice)
        st.session_state[settings.THRESHOLD] = found.detector.threshold
        export.show(checkpoint, found)
    with middle:
        settings.show_notes(found.seen)
        histogram.show(found, judged)
        chosen = FIELDS.words("Look at", "look", LOOKS, "gallery", label_visibility="collapsed")
        if chosen == "curves":
            aliases = settings.JOIN.join(choice.aliases)
            evaluation.curves(found, judged, reason, f"{checkpoint.identity} {choice.key()} {aliases} {wanted.key}")
        else:
            look(checkpoint, found, choice, chosen)
    with detail:
        image.show(checkpoint, found, choice)


def look(checkpoint: Checkpoint, found: Scored, choice: NormalChoice, chosen: str) -> None:
    """One way of looking at the scored images, or at all scores."""
    if chosen == "gallery":
        gallery.show(checkpoint, found)
    elif chosen == "map":
        latent_map.show(checkpoint, found)
    else:
        evaluation.side_by_side(checkpoint, choice)


with page.page("Find anomalies", "Say which images are normal, and find those that are not like them."):
    anomalies()
