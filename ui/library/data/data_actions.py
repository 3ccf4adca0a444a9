"""What can be done with an imported data set: another name, and deleting it. Both say what uses it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ui.components import clicks
from ui.library.data.data_table import Shelved
from ui.library.state import SET, STATE
from ui.shared import formatting, page
from ui.shared.sessions import deletion, ownership
from ui.shared.sessions.deletion import Deletion
from vae.data import datasets
from vae.data.keeping import changes
from vae.errors import DatasetError, VAEError
from vae.jobs import queue
from vae.storage import paths
from vae.training.run_folder import request_files

NEW_NAME, PROBLEM = "library_new_name", "library_rename_problem"
NAMED = 5


def note_of(name: str) -> Path:
    """Where it is noted who made a data set."""
    return paths.data_dir() / ownership.FOLDER / f"{name}.json"


def buttons(chosen: Shelved) -> None:
    """Rename and Delete of what was imported, or why this session may not."""
    if datasets.is_built_in(chosen.name):
        return
    note = note_of(chosen.name)
    if not ownership.may_change(note):
        st.caption(ownership.refusal(note))
        return
    if chosen.info is not None and clicks.button("Rename", "library_rename", icon=":material/edit:"):
        st.session_state[NEW_NAME] = chosen.name
        st.session_state.pop(PROBLEM, None)
        st.dialog("Rename this data set")(_ask_name)(chosen)
    if clicks.button("Delete", "library_delete", icon=":material/delete:"):
        deletion.ask(of_set(chosen))


def _ask_name(chosen: Shelved) -> None:
    st.text_input("New name", key=NEW_NAME, max_chars=60)
    if chosen.models:
        verb = "finds" if len(chosen.models) == 1 else "find"
        st.markdown(f"{_named(chosen.models)} still {verb} it.")
    if said := st.session_state.pop(PROBLEM, None):
        st.error(said, icon=":material/error:")
    with st.container(horizontal=True):
        sure = st.button("Rename", key="library_rename_sure", type="primary", on_click=_renamed, args=(chosen.name,))
        if clicks.button("Cancel", "library_rename_not") or (sure and not said):
            st.rerun()


def _renamed(name: str) -> None:
    """Somebody pressed Rename. For a callback: the page is drawn again with the new name."""
    new_name = str(st.session_state[NEW_NAME]).strip()
    note = note_of(name)
    if new_name == name:
        return
    if not ownership.may_change(note):
        st.session_state[PROBLEM] = ownership.refusal(note)
        return
    try:
        _check_free(name)
        changes.rename(name, new_name)
    except VAEError as error:
        st.session_state[PROBLEM] = page.escape(str(error))
        return
    ownership.forget(note)
    ownership.claim(note_of(new_name))
    STATE.put(SET, new_name)
    st.toast(page.escape(f"{name} is now {new_name}."))


def of_set(chosen: Shelved) -> Deletion:
    """What deleting a data set would do."""
    lost = f"The data set **{page.escape(chosen.name)}** goes for good"
    lost += f", with {formatting.count(sum(chosen.info.counts.values()), 'image')}." if chosen.info else "."
    if chosen.models:
        verb = "was" if len(chosen.models) == 1 else "were"
        lost += (
            f" {_named(chosen.models)} {verb} trained on it. Models stay and go on making images; what needs "
            "the original images says that they are gone."
        )
    note = note_of(chosen.name)

    def delete() -> None:
        _check_free(chosen.name)
        changes.delete(chosen.name)
        ownership.forget(note)
        STATE.forget(SET)
        st.toast(page.escape(f"Deleted the data set {chosen.name}."))

    return Deletion("data set", lost, note, delete, "library_delete_set")


def _check_free(name: str) -> None:
    """Raise DatasetError while a training reads the images."""
    for job in queue.all_jobs():
        if job.kind != "train" or not job.active:
            continue
        request = request_files.read_or_none(job)
        if request is not None and request.train.dataset == name:
            raise DatasetError(f"A training on {name} has not ended: {job.title}.", "Stop it, or wait for its end.")


def _named(models: tuple[str, ...]) -> str:
    more = f" and {len(models) - NAMED:,} more" if len(models) > NAMED else ""
    word = "Model" if len(models) == 1 else "Models"
    return f"{word} {', '.join(page.escape(name) for name in models[:NAMED])}{more}"
