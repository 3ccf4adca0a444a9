"""The settings of the Anomalies page: what is normal, what is checked, by which score, and the threshold's rule."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from ui.anomalies import marks, retrain, scoring
from ui.anomalies.scoring import Seen, Wanted
from ui.anomalies.source import folder_source, uploads
from ui.anomalies.state import ASK, FIELDS, STATE
from ui.shared import cache, page
from ui.shared.formatting import shortened
from ui.shared.images import image_report
from vae.anomalies import normal_images, sources
from vae.anomalies.methods import registry
from vae.anomalies.normal_images import NormalChoice
from vae.anomalies.sources import Source
from vae.anomalies.thresholds import Rule
from vae.checkpoints.checkpoint import Checkpoint
from vae.data import datasets
from vae.errors import DatasetError, ScoreError

SOURCES = {
    "test": "Test split",
    "dataset": "Another data set",
    "files": "Uploaded images",
    "folder": "Folder",
}
RULES = {"false_alarms": "Share of false alarms", "contamination": "Share of images", "threshold": "By hand"}
SEVERAL = (
    "With several normal classes LOF on PCA, which needs no VAE, was better on MNIST (0 to 6 normal: AUROC 0.943 "
    "against 0.884, `python -m benchmarks.anomaly`). All scores compares them on your choice."
)
LEARNED_OTHERS = "This model has learned the other classes, too: scores by error may miss them."
LATENT_SCORE = "lof"  # what is offered where scores by error can't work
CONTEXT = "anomalies_context"  # what the threshold and the chosen image belong to
DATA = "anomalies_data"  # in the session: the images whose classes are chosen
THRESHOLD = "anomalies_threshold"  # where the line stands: setting it by hand starts there
SHARES = {  # of each rule: the setting, and what it is a share of
    "false_alarms": ("share", "Of new normal images, %"),
    "contamination": ("contamination", "Of the images checked, %"),
}
JOIN = "\n"  # between class names in the URL: no name has one


def normal_choice(checkpoint: Checkpoint) -> NormalChoice:
    """Which classes are normal; the first offer is those that the model was trained on."""
    names = list(dict.fromkeys(checkpoint.dataset.class_names))
    default = JOIN.join(normal_images.default_choice(checkpoint).classes)
    if len(names) < 2:
        st.caption("All training images: the data set has one class.")
        return NormalChoice()
    key = "anomalies-normal"
    written = _written(STATE.text("normal", default), names)
    if unknown := [name for name in written if name not in names]:
        instead = ", ".join(normal_images.default_choice(checkpoint).classes) or "all classes"
        STATE.refuse("normal", unknown[0], f"classes of {checkpoint.dataset.title}", instead)
        written = [name for name in default.split(JOIN) if name]
    st.session_state[key] = written

    def changed() -> None:
        STATE.put("normal", JOIN.join(st.session_state[key]))

    st.multiselect(
        "Normal classes",
        names,
        key=key,
        placeholder="All classes",
        on_change=changed,
        help="The score is fitted to training images of these classes, and its threshold set on validation images of "
        "them. Everything that is not like them is an anomaly.",
    )
    return normal_images.chosen(checkpoint, st.session_state[key])


def begin(checkpoint: Checkpoint) -> None:
    """Another data set has other classes: what was chosen of the one before is asked anew, unless a link says it."""
    before, now = st.session_state.get(DATA), (STATE.revision(), checkpoint.dataset.test_fingerprint)
    st.session_state[DATA] = now
    if before is not None and before[0] == now[0] and before[1] != now[1]:
        for name in ("normal", "aliases"):
            STATE.forget(name)
        STATE.put("step", ASK)


def normal_text(checkpoint: Checkpoint) -> str:
    """The normal classes that are chosen, shortened; for the label of what opens them."""
    chosen = STATE.chosen("normal")
    names = normal_images.default_choice(checkpoint).classes if chosen is None else chosen.split(JOIN)
    return shortened(", ".join(filter(None, names)), 24) or "all images"


def chosen_kind() -> str:
    """Which source is chosen, before its field is drawn."""
    chosen = STATE.chosen("source")
    return chosen if chosen in SOURCES else "test"


def chosen_score() -> str:
    """Which score is chosen, before its field is drawn."""
    chosen = STATE.chosen("score")
    return chosen if chosen in registry.SCORES else registry.DEFAULT


def _written(text: str, names: list[str]) -> list[str]:
    """Class names in a link, one a line; by hand commas will do, as far as no name has one."""
    lines = [name for name in text.split(JOIN) if name]
    if len(lines) == 1 and lines[0] not in names:
        return [name.strip() for name in lines[0].split(",") if name.strip()]
    return lines


def warn_of_what_was_learned(checkpoint: Checkpoint, choice: NormalChoice, score: str) -> None:
    """Scores by reconstruction assume that the model has learned the normal classes and no others."""
    note = normal_images.training_note(checkpoint, choice, [score])
    if not note:
        return
    said = [note.replace(normal_images.LEARNED_OTHERS, "").strip()]
    others = normal_images.LEARNED_OTHERS in note
    with st.container(horizontal=True, vertical_alignment="center"):
        text = " ".join(filter(None, [*said, LEARNED_OTHERS * others]))
        st.markdown(f":orange[:material/warning:] {page.escape(text)}", width="content")
        if others:
            title, use = registry.get(LATENT_SCORE).title, ("score", LATENT_SCORE)
            st.button(f"Use {title}", key="anomalies-latent", on_click=STATE.put, args=use)
            retrain.show(checkpoint, choice)


def with_aliases(checkpoint: Checkpoint, choice: NormalChoice, source: Source) -> NormalChoice:
    """The choice, and which sub-folders of a folder hold normal images though no training class is named like them."""
    others = [name for name in source.class_names if name not in checkpoint.dataset.class_names]
    if source.has_rows or not others:
        return choice
    key = "anomalies-aliases"
    st.session_state[key] = [name for name in STATE.text("aliases").split(JOIN) if name in others]

    def changed() -> None:
        STATE.put("aliases", JOIN.join(st.session_state[key]))

    st.multiselect(
        "Sub-folders of normal images",
        others,
        key=key,
        placeholder="None",
        on_change=changed,
        help="Used for nothing but to judge: sub-folders named like a normal class are normal, too, and every other "
        "one holds outliers.",
    )
    return replace(choice, aliases=tuple(st.session_state[key]))


def source_kind() -> str:
    """One of SOURCES."""
    return FIELDS.words("Check", "source", SOURCES, "test", label_visibility="collapsed")


def is_there(kind: str) -> bool:
    """Whether there is something of this kind to check: files have to be uploaded, a folder read."""
    if kind == "files":
        return bool(uploads.kept())
    return kind != "folder" or folder_source.is_read()


def wanted(checkpoint: Checkpoint, kind: str) -> Wanted | None:
    """What to score, None while nothing is chosen."""
    if kind == "test":
        images = cache.test_images(checkpoint)
        return Wanted(sources.from_dataset(images, checkpoint.model.image_shape), scoring.own_key(checkpoint))
    if kind == "dataset":
        return _dataset(checkpoint)
    return uploads.wanted(checkpoint) if kind == "files" else folder_source.wanted(checkpoint)


def other_sets(checkpoint: Checkpoint) -> list[str]:
    """The data sets on this machine, without the model's own where there are others."""
    there = [name for name in datasets.names() if datasets.info(name).on_this_machine()]
    return [name for name in there if name != checkpoint.dataset.name] or there


def set_name(checkpoint: Checkpoint) -> str:
    """The other data set that is chosen, before its field is drawn."""
    others = other_sets(checkpoint)
    chosen = STATE.chosen("dataset")
    return chosen if chosen in others else others[0]


def _dataset(checkpoint: Checkpoint) -> Wanted | None:
    others = other_sets(checkpoint)
    titles = {name: datasets.info(name).title for name in others}
    name = FIELDS.choice("Data set", "dataset", others, others[0], titles)
    try:
        images = cache.split(name, "test")
        return Wanted(sources.from_dataset(images, checkpoint.model.image_shape), f"set {name} {images.fingerprint}")
    except (DatasetError, ScoreError) as error:
        page.show_error(error)
        return None


def score_name(checkpoint: Checkpoint, choice: NormalChoice) -> str:
    """The score to use; those that are too slow for many images are left to the single image."""
    offered = [name for name in registry.SCORES if name not in registry.SLOW]
    titles = {name: _title(name) for name in offered}
    chosen = STATE.option("score", offered, registry.DEFAULT)
    name = FIELDS.choice("Score", "score", offered, registry.DEFAULT, titles, _about(chosen))
    if name == registry.DEFAULT and len(choice.classes) != 1 and checkpoint.dataset.name == "mnist":
        st.caption(":material/info: On MNIST with several normal classes LOF on PCA was better.", help=SEVERAL)
    return name


def _about(name: str) -> str:
    score = registry.get(name)
    return page.escape(f"{score.about} Source: {score.source}.")


def _title(name: str) -> str:
    note = " (default)" if name == registry.DEFAULT else " (no VAE)" if name in registry.BASELINES else ""
    return registry.get(name).title + note


def rule(threshold: float) -> Rule:
    """How the threshold is set; `threshold` is where it stands by the default rule."""
    key = "anomalies-rule"
    st.session_state[key] = STATE.option("rule", list(RULES), "false_alarms")

    def changed() -> None:
        STATE.put("rule", st.session_state[key])
        if st.session_state[key] == "threshold" and THRESHOLD in st.session_state:
            STATE.put("threshold", repr(st.session_state[THRESHOLD]))

    kind = st.selectbox(
        "Threshold by",
        list(RULES),
        key=key,
        format_func=lambda rule: RULES[rule],
        on_change=changed,
        help="Share of false alarms: at most this share of new normal images is flagged, on average, by the rank "
        "among held-out ones (split conformal prediction). Share of what is scored: this share of them is flagged, "
        "the contamination rate. By hand: drag the line, or type where it stands.",
    )
    if kind == "threshold":
        low, high = -float(np.finfo(np.float32).max), float(np.finfo(np.float32).max)
        step = float(f"{max(abs(threshold), 1e-6) / 50:.0e}")
        return Rule(
            "threshold", FIELDS.real("Score above which images are flagged", "threshold", threshold, low, high, step)
        )
    name, label = SHARES[kind]
    return Rule(kind, FIELDS.real(label, name, 5.0, 0.0, 100.0, 0.5) / 100)


def forget_what_changed(threshold_of: tuple[str, ...], image_of: str) -> None:
    """A threshold set by hand belongs to one model, choice of classes and score; the chosen image to one source."""
    before, now = st.session_state.get(CONTEXT), (STATE.revision(), threshold_of, image_of)
    st.session_state[CONTEXT] = now
    if before is None or before[0] != now[0]:  # a followed link brings both
        return
    if before[1] != threshold_of and STATE.chosen("rule") == "threshold":
        STATE.forget("rule")
        STATE.forget("threshold")
        st.toast("The threshold that was set by hand belonged to other scores, so the default is back.")
    if before[2] != image_of:
        for name in ("image", "page"):
            STATE.forget(name)
        marks.change_source(before[2], image_of)


def rule_text() -> str:
    """The rule in a few words; for the label of what opens it."""
    kind = STATE.chosen("rule") or "false_alarms"
    if kind not in SHARES:
        return "by hand"
    share = STATE.chosen(SHARES[kind][0]) or "5"
    return f"{page.escape(share[:8])} % {'false alarms' if kind == 'false_alarms' else 'flagged'}"


def show_notes(seen: Seen) -> None:
    """What was left out, and what was made to fit."""
    image_report.show(seen.report, "anomalies-report")
