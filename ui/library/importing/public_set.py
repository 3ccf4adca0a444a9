"""A data set that torchvision downloads: chosen from its list, fetched by a job."""

from __future__ import annotations

import streamlit as st

from ui.components import clicks
from ui.library.data import data_actions
from ui.library.importing import imports
from ui.shared import page
from ui.shared.job_card import Command
from ui.shared.sessions import ownership
from vae.data import imported_dataset
from vae.errors import JobError

KEY = "library_public"
HELP = (
    "These are the sets of labelled images that torchvision can download. They come from the servers of those who made "
    "them, which can take minutes. A download that fails or is stopped changes nothing."
)


def show() -> None:
    """The list, and a button; of a set that is here already, a word."""
    titles = _titles()
    name = st.selectbox("Data set", list(titles), format_func=titles.__getitem__, key=KEY, help=HELP)
    if name in imported_dataset.all_names():
        st.caption("It is in the library already.")
        return
    work = Command("fetch", f"Download {titles[name]}", ("fetch", name), lane="network")
    if any(job.active for job in work.jobs()):
        st.caption("It is on its way, below.")
        return
    if clicks.button("Download", "library_download", type="primary", icon=":material/download:"):
        try:
            work.start()
        except JobError as error:
            page.show_error(error)
            return
        ownership.claim(data_actions.note_of(name))
        imports.began(work.jobs()[-1], name)
        st.rerun()


@st.cache_resource(show_spinner="Loading torchvision’s list…")
def _titles() -> dict[str, str]:
    from vae.data.importing import torchvision_sets

    return {known.name: known.title for known in torchvision_sets.offered()}
