"""The left side of the Anomalies page: what is normal, what is scored, by which score, and the threshold's rule."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import streamlit as st

from ui.anomalies import folder_source, scoring
from ui.anomalies.scoring import Seen, Wanted
from ui.anomalies.state import FIELDS, STATE
from ui.shared import cache, image_report, page
from vae.anomalies import normal_images, sources
from vae.anomalies.methods import registry
from vae.anomalies.normal_images import NormalChoice
from vae.anomalies.sources import Source
from vae.anomalies.thresholds import Rule
from vae.checkpoints.checkpoint import Checkpoint
from vae.data import datasets, image_decoding
from vae.data.folders import image_names
from vae.errors import DatasetError, ScoreError

SOURCES = {
    "test": "The test split",
    "dataset": "Another data set",
    "files": "Images to upload",
    "folder": "A folder on this computer",
}
RULES = {"false_alarms": "Share of false alarms", "contamination": "Share of what is scored", "threshold": "By hand"}
SEVERAL = (
    "With several normal classes LOF on PCA, which needs no VAE, was better on MNIST (0 to 6 normal: AUROC 0.943 "
    "against 0.884, `python -m benchmarks.anomaly`). All scores, on the right, compares them on your choice."
)
LATENT_SCORE = "lof"  # what is offered where scores by error can't work
CONTEXT = "anomalies_context"  # what the threshold and the chosen image belong to
THRESHOLD = "anomalies_threshold"  # where the line stands: setting it by hand starts there
SHARES = {  # of each rule: the setting, and what it is a share of
    "false_alarms": ("share", "Of new normal images, %"),
    "contamination": ("contamination", "Of what is scored, %"),
}
JOIN = "\n"  # between class names in the URL: no name has one


def normal_choice(checkpoint: Checkpoint) -> NormalChoice:
    """Which classes are normal."""
    names = list(dict.fromkeys(checkpoint.dataset.class_names))
    default = JOIN.join(normal_images.default_choice(checkpoint).classes)
    if len(names) < 2:
        st.caption("Normal: all training images. The data set has one class.")
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
        help="Detectors are fitted to training images of these classes and calibrated on validation images of them. "
        "Labels are used for nothing else, but to judge.",
    )
    choice = normal_images.chosen(checkpoint, st.session_state[key])
    _warn_of_what_was_learned(checkpoint, choice)
    return choice


def _written(text: str, names: list[str]) -> list[str]:
    """Class names in a link, one a line; by hand commas will do, as far as no name has one."""
    lines = [name for name in text.split(JOIN) if name]
    if len(lines) == 1 and lines[0] not in names:
        return [name.strip() for name in lines[0].split(",") if name.strip()]
    return lines


def _warn_of_what_was_learned(checkpoint: Checkpoint, choice: NormalChoice) -> None:
    """Scores by reconstruction assume that the model has learned the normal classes and no others."""
    said = normal_images.training_note(checkpoint, choice, [STATE.text("score", registry.DEFAULT)])
    if said:
        st.caption(f":material/warning: **{page.escape(said)}**")  # in a box of its own it would fill the column
    if normal_images.LEARNED_OTHERS in said:
        title, use = registry.get(LATENT_SCORE).title, ("score", LATENT_SCORE)
        st.button(f"Use {title}", key="anomalies-latent", width="stretch", on_click=STATE.put, args=use)


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
    return FIELDS.choice("Score what", "source", list(SOURCES), "test", SOURCES)


def wanted(checkpoint: Checkpoint, kind: str) -> Wanted | None:
    """What to score, None while nothing is chosen."""
    if kind == "test":
        images = cache.test_images(checkpoint)
        return Wanted(sources.from_dataset(images, checkpoint.model.image_shape), scoring.own_key(checkpoint))
    if kind == "dataset":
        return _dataset(checkpoint)
    return _files(checkpoint) if kind == "files" else folder_source.wanted(checkpoint)


def _dataset(checkpoint: Checkpoint) -> Wanted | None:
    there = [name for name in datasets.names() if datasets.info(name).on_this_machine()]
    others = [name for name in there if name != checkpoint.dataset.name] or there
    titles = {name: datasets.info(name).title for name in others}
    name = FIELDS.choice("Data set", "dataset", others, others[0], titles)
    try:
        images = cache.split(name, "test")
        return Wanted(sources.from_dataset(images, checkpoint.model.image_shape), f"set {name} {images.fingerprint}")
    except (DatasetError, ScoreError) as error:
        page.show_error(error)
        return None


def _files(checkpoint: Checkpoint) -> Wanted | None:
    files = st.file_uploader(
        "Images",
        image_names.UPLOADS,
        accept_multiple_files=True,
        key="anomalies-files",
        max_upload_size=image_decoding.MAX_CONTENT_BYTES // 2**20,
    )
    if not files:
        st.caption(f"{image_names.KINDS}. They are scored in memory and not kept.")
        return None
    content = [(file.name, file.getvalue()) for file in files]
    digest = hashlib.blake2b(digest_size=12)
    for name, data in content:
        digest.update(name.encode("utf-8", "replace") + hashlib.blake2b(data).digest())
    return Wanted(
        sources.from_files(content, checkpoint.model.image_shape, checkpoint.dataset.reading),
        f"files {digest.hexdigest()}",
    )


def score_name(choice: NormalChoice) -> str:
    """The score to use; those that are too slow for many images are left to the single image."""
    offered = [name for name in registry.SCORES if name not in registry.SLOW]
    titles = {name: _title(name) for name in offered}
    chosen = STATE.option("score", offered, registry.DEFAULT)
    name = FIELDS.choice("Score", "score", offered, registry.DEFAULT, titles, _about(chosen))
    if name == registry.DEFAULT and len(choice.classes) != 1:
        st.caption(SEVERAL)
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
        help="Share of false alarms: at most so many of new normal images are flagged, on average, by the rank "
        "among held-out ones (split conformal prediction). Share of what is scored: so "
        "many of these are, the contamination rate. By hand: drag the line, or type where it stands.",
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
        STATE.forget("image")


def show_notes(seen: Seen) -> None:
    """What was left out, and what was made to fit."""
    image_report.show(seen.report, "anomalies-report")
