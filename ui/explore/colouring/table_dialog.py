"""Asking for a table: a file, how it fits the images, and whether to colour by it."""

from __future__ import annotations

import streamlit as st

from ui.components import clicks
from ui.explore.colouring import colourings, table, table_words
from ui.explore.colouring.table import AddedTable
from ui.explore.shown_images import OnMap
from ui.explore.state import STATE
from ui.shared import page
from vae.data.tables import image_columns


def ask(on_map: OnMap) -> None:
    """Open the dialog."""
    st.dialog("Colour by a table")(_show)(on_map)


def _show(on_map: OnMap) -> None:
    with page.error_boundary():
        st.markdown(page.escape(table_words.ASKED))
        file = st.file_uploader(
            "CSV file",
            key="table-file",
            max_upload_size=image_columns.MOST_BYTES // 2**20,
            help=page.escape(table_words.KEPT),
        )
        before = table.of(on_map)
        if file is not None:
            added = AddedTable(file.name, file.getvalue())
            found = table.joined(added, on_map)
            st.info(page.escape(table_words.report(found, len(on_map.images.latents.mu))), icon=":material/table:")
            if clicks.button("Colour by it", "table-use", type="primary", icon=":material/palette:"):
                table.keep(added, on_map)
                STATE.put("colour", f"{colourings.COLUMN}{found.columns[0].name}")
                st.rerun()
        elif before is not None:
            st.caption(page.escape(table_words.report(before, len(on_map.images.latents.mu))))
            if clicks.button("Remove it", "table-remove", icon=":material/delete:"):
                table.remove(on_map)
                st.rerun()
