"""A folder of the computer that runs the app, as what is scored."""

from __future__ import annotations

import streamlit as st

from ui.anomalies.scoring import Wanted
from ui.anomalies.state import STATE
from ui.shared.images import folder_walk
from ui.shared.images.folder_walk import FolderField
from vae.anomalies import sources
from vae.anomalies.sources import Source
from vae.checkpoints.checkpoint import Checkpoint
from vae.data.folders.image_walk import ImageWalk

FIELD = "anomalies-folder"
FOLDER = FolderField("anomalies", most_images=20_000, most_entries=200_000)


def wanted(checkpoint: Checkpoint) -> Wanted | None:
    """The folder's images; None until a click has asked for them, and while they are looked for."""
    roots = folder_walk.readable()
    if not roots:
        st.caption(folder_walk.OFF)
        return None
    written = _written()
    if not written:
        st.caption(f"Below {folder_walk.named(roots)}. All images in it are read; sub-folders are taken for classes.")
    walk = FOLDER.read(written, roots)
    return _found(checkpoint, walk) if walk else None


def is_read() -> bool:
    """Whether the folder that is written has been read."""
    return FOLDER.is_read(STATE.text("folder").strip())


def _written() -> str:
    st.session_state[FIELD] = STATE.text("folder")

    def changed() -> None:
        STATE.put("folder", st.session_state[FIELD].strip())

    path = st.text_input(folder_walk.LABEL, key=FIELD, on_change=changed, max_chars=1_000)
    return path.strip()


def _found(checkpoint: Checkpoint, walk: ImageWalk) -> Wanted:
    source: Source = sources.from_walk(walk, checkpoint.model.image_shape, checkpoint.dataset.reading)
    return Wanted(source, f"folder {walk.root} {source.stamp}")
