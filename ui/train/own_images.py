"""Where images of one's own come in: the command that makes a data set of a folder, made of two fields."""

from __future__ import annotations

import shlex

import streamlit as st

from ui.shared import page
from vae.data import datasets

NAME, FOLDER = "own_images_name", "own_images_folder"


def hint() -> None:
    """A popover beside the data sets."""
    with st.popover("Own images", icon=":material/add_photo_alternate:", key="own-images"):
        st.markdown(
            "A folder of pictures becomes a data set. Run this where the app runs; the set is then in the list."
        )
        name = st.text_input(
            "Name of the new data set", value="mine", max_chars=60, key=NAME, help="As it will stand in the list."
        )
        folder = st.text_input(
            "Folder",
            placeholder="/path/to/pictures",
            key=FOLDER,
            help="Pictures, or one folder of pictures for each class.",
        )
        if name.strip() in datasets.names():
            st.caption(page.escape(f"There is already a data set {name.strip()}: choose another name."))
        st.code(command(name, folder), language="sh", wrap_lines=True)


def command(name: str, folder: str) -> str:
    """The shell line that imports a folder."""
    return shlex.join(["python", "-m", "vae", "import", name.strip() or "NAME", folder.strip() or "FOLDER"])
