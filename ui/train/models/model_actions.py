"""What can be done with a trained model from the page: another name, and deleting it. Both ask."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ui.components import clicks
from ui.shared import formatting, model_picker, page
from ui.shared.sessions import deletion, ownership
from ui.shared.sessions.deletion import Deletion
from vae.checkpoints.checkpoint import Summary
from vae.errors import VAEError
from vae.storage import paths
from vae.training.run_folder import model_changes
from vae.training.run_folder.model_changes import Uses

NEW_NAME = "model_new_name"


def buttons(model: Summary, place: str) -> None:
    """Rename and Delete, or why this session may not. `place` tells two of them on a page apart."""
    note = _note(model_changes.uses(model))
    if not ownership.may_change(note):
        st.caption(ownership.refusal(note))
        return
    if clicks.button("Rename model", f"model_rename-{place}", icon=":material/edit:"):
        _rename(model)
    if clicks.button("Delete model", f"model_delete-{place}", icon=":material/delete:"):
        deletion.ask(of_model(model))


def in_words(uses: Uses) -> str:
    """`1 run, 2 detectors, 1 map`; empty where nothing knows the model."""
    counts = {"run": len(uses.runs), **uses.derived}
    return ", ".join(formatting.count(number, noun) for noun, number in counts.items() if number)


def _note(uses: Uses) -> Path:
    """Whose a model is: the owner of the newest run that wrote it."""
    return ownership.of_run(uses.runs[-1]) if uses.runs else paths.runs_dir() / ownership.FILE  # which nobody writes


# --- another name -----------------------------------------------------------------------------------------------------


def _rename(model: Summary) -> None:
    st.session_state[NEW_NAME] = model.name
    st.dialog("Rename this model")(_ask_name)(model)


def _ask_name(model: Summary) -> None:
    uses = model_changes.uses(model)
    name = st.text_input("New name", key=NEW_NAME, max_chars=80).strip()
    if known := in_words(uses):
        st.markdown(f"{page.escape(known)} will follow.")
    st.caption(f"{ownership.whose(_note(uses))} Links that name the old model no longer find it.")
    with st.container(horizontal=True):
        sure = clicks.button("Rename", "model_rename_sure", type="primary", disabled=name in ("", model.name))
        if sure and ownership.may_change(_note(uses)):
            try:
                model_changes.rename(model.name, name)
            except VAEError as error:
                page.show_error(error)
                return
            if st.session_state.get(model_picker.CHOSEN) == model.name:
                st.session_state[model_picker.CHOSEN] = name
            st.toast(page.escape(f"{model.name} is now {name}."))
            st.rerun()
        if clicks.button("Cancel", "model_rename_not"):
            st.rerun()


# --- deleting ---------------------------------------------------------------------------------------------------------


def of_model(model: Summary) -> Deletion:
    """What deleting a model would do."""
    uses = model_changes.uses(model)
    derived = in_words(Uses((), uses.derived))
    lost = f"The model **{page.escape(model.name)}** goes for good"
    lost += f", and with it {page.escape(derived)}." if derived else "."
    if uses.runs:
        stay = "stays" if len(uses.runs) == 1 else "stay"
        lost += f" {formatting.count(len(uses.runs), 'run')} {stay}, with film and curves."

    def delete() -> None:
        model_changes.delete(model.name)
        st.toast(page.escape(f"Deleted the model {model.name}."))

    return Deletion("model", lost, _note(uses), delete, "model_delete")
