"""What can be done with a trained model from the page: export, another name, and deleting it. The last two ask."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ui.components import clicks
from ui.shared import formatting, model_picker, page
from ui.shared.models.managing import model_export
from ui.shared.sessions import deletion, ownership
from ui.shared.sessions.deletion import Deletion
from vae.checkpoints.checkpoint import Summary
from vae.errors import VAEError
from vae.storage import paths
from vae.training.run_folder import model_changes
from vae.training.run_folder.model_changes import Uses

NEW_NAME, PROBLEM = "model_new_name", "model_rename_problem"


def buttons(model: Summary, place: str) -> None:
    """Export, Rename and Delete, or why this session may not. `place` tells two of them on a page apart."""
    note = _note(model_changes.uses(model))
    if not model.problem:
        model_export.popover(model, place)
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
    st.session_state.pop(PROBLEM, None)
    st.dialog("Rename this model")(_ask_name)(model)


def _ask_name(model: Summary) -> None:
    uses = model_changes.uses(model)
    st.text_input("New name", key=NEW_NAME, max_chars=80)
    if known := in_words(uses):
        st.markdown(f"{page.escape(known)} will follow.")
    st.caption(f"{ownership.whose(_note(uses))} Links that name the old model no longer find it.")
    if said := st.session_state.pop(PROBLEM, None):
        st.error(said, icon=":material/error:")
    with st.container(horizontal=True):
        sure = st.button("Rename", key="model_rename_sure", type="primary", on_click=_renamed, args=(model,))
        if clicks.button("Cancel", "model_rename_not") or (sure and not said):
            st.rerun()


def _renamed(model: Summary) -> None:
    """Somebody pressed Rename. For a callback: the page is drawn again with the new name."""
    name = str(st.session_state[NEW_NAME]).strip()
    note = _note(model_changes.uses(model))
    if name == model.name:
        return
    if not ownership.may_change(note):
        st.session_state[PROBLEM] = ownership.refusal(note)
        return
    try:
        model_changes.rename(model.name, name)
    except VAEError as error:
        st.session_state[PROBLEM] = page.escape(str(error))
        return
    if st.session_state.get(model_picker.CHOSEN) == model.name:
        st.session_state[model_picker.CHOSEN] = name
    st.toast(page.escape(f"{model.name} is now {name}."))


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
