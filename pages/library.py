"""Data sets and models on this machine; own images come in here."""

from __future__ import annotations

import streamlit as st

from ui.library import models_shelf
from ui.library.data import data_card, data_table
from ui.library.importing import form, imports
from ui.library.state import DATA, FIELDS, MODELS, SHELF, STATE
from ui.shared import model_picker, page


def library() -> None:
    """One shelf of the two."""
    STATE.begin()
    model_picker.beside()
    shelf = FIELDS.words("Shelf", SHELF, {DATA: "Data sets", MODELS: "Models"}, DATA, label_visibility="collapsed")
    notices = st.container()
    if shelf == DATA:
        with st.container(border=True, key="library_bring"):
            st.markdown("**Add images**")
            form.show()
        imports.show()
        data_card.show(data_table.show(data_table.shelved()))
    else:
        models_shelf.show()
    for problem in STATE.problems():
        notices.warning(page.escape(problem), icon=":material/link_off:")
    STATE.write_url(None)


with page.page("Library", "Bring your own images, and see what data sets and models there are."):
    library()
