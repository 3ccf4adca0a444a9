"""The fields of the training form, each with one sentence of help. Only those that apply are shown."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from ui.shared import page
from ui.train import advanced, form_state
from ui.train.advanced import choice, integer
from ui.train.presets import OWN, PRESETS, preset
from vae.config import ARCHITECTURES, MAX_LATENT_DIM
from vae.data import datasets
from vae.errors import DatasetError

ARCHITECTURE_TITLES = {"mlp": "MLP", "conv": "Convolutional"}
OWN_TITLE, OWN_SENTENCE = "My own settings", "Everything as it stands below and under Advanced."


def ask(names_in_use: Callable[[], set[str]]) -> None:
    """Draw the form; the session holds what it says."""
    form_state.begin()
    _preset()
    dataset = st.selectbox(
        "Data set",
        datasets.names(),
        format_func=_dataset_title,
        key=form_state.DATASET,
        on_change=form_state.preset_chosen,
        persist_state="session",
        help="The images that the model learns, with fixed training, validation and test splits.",
    )
    _import_report(str(dataset))
    architecture = choice(
        "Architecture",
        "architecture",
        ARCHITECTURES,
        "MLP is fully connected and trains fast; convolutional reconstructs images better and takes longer.",
        titles=ARCHITECTURE_TITLES,
    )
    left, right = st.columns([1.4, 1])  # the longer label needs its line
    with left:
        latent_dim = integer(
            "Latent dimensions",
            "latent_dim",
            1,
            MAX_LATENT_DIM,
            "Numbers that describe one image: 2 can be seen directly, 8 to 32 reconstruct better.",
        )
    with right:
        integer("Epochs", "epochs", 1, 100_000, "Passes over all training images; a stop keeps the last finished one.")
    form_state.suggest_name(f"{dataset}-{architecture}-{latent_dim}", names_in_use())
    st.text_input(
        "Model name",
        key=form_state.NAME,
        on_change=form_state.name_changed,
        persist_state="session",
        help="The folder below checkpoints/ and the name in Explore; empty it for a suggestion.",
    )
    advanced.ask(str(dataset), architecture)


def _preset() -> None:
    titles = {p.id: p.title for p in PRESETS} | {OWN: OWN_TITLE}
    chosen = st.selectbox(
        "Start from",
        list(titles),
        format_func=lambda preset_id: titles.get(preset_id, preset_id),
        key=form_state.PRESET,
        on_change=form_state.preset_chosen,
        persist_state="session",
        help="Fills in every setting for the data set below; what you change afterwards stays changed.",
    )
    found = preset(str(chosen))
    st.caption(found.sentence if found else OWN_SENTENCE)


def _import_report(dataset: str) -> None:
    """What the import of one's own images did, on a click; nothing for a data set that everybody has."""
    try:
        report = datasets.report(dataset)
    except DatasetError as error:
        page.show_error(error)
        return
    if report is None:
        if datasets.info(dataset).imported:
            st.caption("Imported before reports and file names were kept: import it again for both.")
        return
    notes = f", {len(report.warnings)} to note" if report.warnings else ""
    title = f"Its import: {report.taken:,} images taken, {report.seen - report.taken:,} left out{notes}"
    with st.expander(title, icon=":material/folder_open:", key="train-import-report"):
        for line in report.lines():
            st.markdown(page.escape(line))


def _dataset_title(name: str) -> str:
    # nothing that can change while the page is open: a browser sends back the title, not the name
    known = datasets.info(name)
    _, height, width = known.image_shape
    return f"{known.title}, {height} × {width}"
