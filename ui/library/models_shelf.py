"""All models on this machine: a table, and a card of the chosen one with what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ui.library import chosen_row
from ui.library.state import MODEL
from ui.shared import cache, formatting, model_picker, page
from ui.shared.models import card, health
from ui.shared.models.managing import model_actions
from vae.checkpoints import checkpoint_files, loss_group
from vae.checkpoints.checkpoint import Summary
from vae.errors import CheckpointError
from vae.storage import probe
from vae.training.run_folder import model_changes

LOSS_HELP = (
    "Mean per test image in nats, by the model's own objective. Losses can be compared only where data set, likelihood "
    "and kind are the same: the table is sorted by these, and by nothing else."
)


def show() -> None:
    """The table, then the card."""
    models = in_order(cache.summaries())
    if not models:
        st.info(
            "There is no trained model here yet. Train one: digits take less than a minute.", icon=":material/info:"
        )
        return
    names = [model.name for model in models]
    explained = {"Test loss": st.column_config.NumberColumn("Test loss", format="%,.2f", help=LOSS_HELP)}
    _card(models[chosen_row.show(MODEL, names, columns(models), explained, "Models on this machine")])


def in_order(summaries: Sequence[Summary]) -> list[Summary]:
    """The usable ones as the picker has them, then the others."""
    usable = model_picker.in_order(list(summaries))
    known = {model.name for model in usable}
    return [*usable, *(model for model in summaries if model.name not in known)]


def columns(models: Sequence[Summary]) -> dict[str, list[object]]:
    """The table, column by column."""
    groups = [loss_group.of_summary(model) for model in models]
    return {
        "Name": [model.name for model in models],
        "Data set": [model.dataset.title if model.dataset else "Can’t be used" for model in models],
        "Pixels": [group.pixels if group else "" for group in groups],
        "Network": [model.model.architecture if model.model else "" for model in models],
        "Latent dimensions": [model.model.latent_dim if model.model else None for model in models],
        "Test loss": [model.test_loss for model in models],
        "Kind of loss": [group.kind if group else "" for group in groups],
        "Disk": [formatting.size(size_on_disk(model.name)) for model in models],
    }


def size_on_disk(name: str) -> int:
    """How many bytes the files of a checkpoint have."""
    found = (probe.stamp(path) for path in probe.entries(checkpoint_files.checkpoint_path(name)))
    return sum(stamp.size for stamp in found if stamp)


def _card(model: Summary) -> None:
    with st.container(border=True, key="library_model"):
        st.subheader(page.escape(model.name), anchor=False)
        if model.problem:
            page.show_error(model.problem)
        else:
            _facts(model)
        known = model_actions.in_words(model_changes.uses(model))
        st.caption(page.escape(f"Used by {known}." if known else "No run and no derived file on this machine uses it."))
        with st.container(horizontal=True, vertical_alignment="center"):
            if not model.problem:
                st.page_link("app.py", label="Explore", icon=":material/explore:", query_params={"model": model.name})
            model_actions.buttons(model, "library")


def _facts(model: Summary) -> None:
    st.markdown(page.escape(card.about(model)))
    st.markdown(page.escape(card.loss(model)), help=LOSS_HELP)
    try:
        checkpoint = cache.checkpoint(model.name, model.identity)
    except CheckpointError as error:
        page.show_error(error)
        return
    judged = health.verdict(checkpoint)
    st.markdown(health.badge(judged), help=page.escape(f"{judged.sentence} {judged.remedy}".strip()))
    st.markdown(page.escape(checkpoint.origin or "Trained by this program."))
