"""The fields of the training form, each with one sentence of help. Only those that apply are shown."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from ui import palette
from ui.shared import page
from ui.shared.images import image_report
from ui.train import advanced, form_state
from ui.train.advanced import choice, integer
from ui.train.presets import OWN, PRESETS, preset
from vae.config import ARCHITECTURES, MAX_LATENT_DIM
from vae.data import datasets
from vae.errors import DatasetError

ARCHITECTURE_TITLES = {"mlp": "MLP", "conv": "Convolutional"}
OWN_TITLE, OWN_SENTENCE = "My own settings", "Everything as it stands below and under Advanced."
BETA = (
    "What a KL term does depends on how much the images vary. β is chosen from the covariance of up to 500 training "
    "images, whose eigenvalues say how many dimensions a linear decoder keeps (vae/data/kl_scale.py); 6 keeps the "
    "latents of fewer than 1,000 grey or colour pictures near the prior. "
    "`python -m benchmarks.presets` trains every preset on four data sets."
)
STYLE = """
<style>
  .st-key-train_preset [role="radiogroup"] {
    display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 13rem), 1fr)); gap: 0.6rem; width: 100%;
  }
  .st-key-train_preset [role="radiogroup"] > * {
    height: 100%; margin: 0; padding: 0.6rem 0.7rem; align-items: flex-start;
    border: 1px solid #8885; border-radius: 0.5rem;
  }
  .st-key-train_preset [role="radiogroup"] > :has(input:checked) { border-color: ACCENT; background: TINT; }
</style>
""".replace("ACCENT", palette.ACCENT).replace("TINT", f"{palette.ACCENT}14")


def ask(names_in_use: Callable[[], set[str]]) -> None:
    """Draw the form; the session holds what it says."""
    form_state.begin()
    _goal()
    grid = st.grid(5, min_column_width=200, gap="small")
    with grid.cell():
        dataset = st.selectbox(
            "Data set",
            datasets.names(),
            format_func=_dataset_title,
            key=form_state.DATASET,
            on_change=form_state.preset_chosen,
            persist_state="session",
            help="The images that the model learns, with fixed training, validation and test splits.",
        )
        st.page_link("pages/library.py", label="Own images", icon=":material/add_photo_alternate:")
    with grid.cell():
        architecture = choice(
            "Architecture",
            "architecture",
            ARCHITECTURES,
            "MLP is fully connected and trains fast; convolutional reconstructs images better and takes longer.",
            titles=ARCHITECTURE_TITLES,
        )
    with grid.cell():
        integer(
            "Latent dimensions",
            "latent_dim",
            1,
            MAX_LATENT_DIM,
            "Numbers that describe one image: 2 can be seen directly, 8 to 32 reconstruct better.",
        )
    with grid.cell():
        integer("Epochs", "epochs", 1, 100_000, "Passes over all training images; a stop keeps the last finished one.")
    with grid.cell():
        form_state.suggest_name(names_in_use())
        st.text_input(
            "Model name",
            key=form_state.NAME,
            on_change=form_state.name_changed,
            persist_state="session",
            help="The folder below checkpoints/ and the name in Explore; empty it for a suggestion.",
        )
    _import_report(str(dataset))
    advanced.ask(str(dataset), architecture)


def _goal() -> None:
    st.html(STYLE)
    titles = {p.id: p.title for p in PRESETS} | {OWN: OWN_TITLE}
    sentences = {p.id: p.sentence for p in PRESETS} | {OWN: OWN_SENTENCE}
    chosen = st.radio(
        "What for?",
        list(titles),
        format_func=lambda preset_id: titles.get(preset_id, preset_id),
        captions=list(sentences.values()),
        key=form_state.PRESET,
        on_change=form_state.preset_chosen,
        persist_state="session",
        horizontal=True,
        width="stretch",
        help="Fills in every setting for the data set below; what you change afterwards stays changed.",
    )
    goal = preset(str(chosen))
    try:
        few = goal.shortfall(st.session_state[form_state.DATASET]) if goal else ""
    except DatasetError:  # that it is gone is said where it is chosen
        few = ""
    if few:
        st.info(few, icon=":material/info:")
    beta = form_state.read().effective().beta
    if goal and beta != 1:
        st.markdown(f"β = {beta:g} for these images.", help=BETA)


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
        image_report.show_all(report)


def _dataset_title(name: str) -> str:
    # nothing that can change while the page is open: a browser sends back the title, not the name
    known = datasets.info(name)
    _, height, width = known.image_shape
    return f"{known.title}, {height} × {width}"
