"""A folder of the computer that runs the app, as what is scored. Only a click reads it: a link may name any folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from ui.anomalies.scoring import Wanted
from ui.anomalies.state import STATE
from ui.components import clicks
from ui.shared import page
from vae.anomalies import sources
from vae.anomalies.sources import Source
from vae.checkpoints.checkpoint import Checkpoint
from vae.data.folders import image_walk
from vae.data.folders.image_walk import ImageWalk, WalkBounds
from vae.errors import ScoreError
from vae.storage import paths

FIELD = "anomalies-folder"
READING = "anomalies_folder_reading"  # in the session: the walk of the folder that a click asked for
MOST_IMAGES, MOST_ENTRIES = 20_000, 200_000
STEP_SECONDS = 0.4  # of walking between two looks at what the person wants


@dataclass(frozen=True)
class AskedFolder:
    """A folder that a click asked for, as it was written, and its walk, at its end or not."""

    written: str
    walk: ImageWalk
    done: bool = False


def wanted(checkpoint: Checkpoint) -> Wanted | None:
    """The folder's images; None until a click has asked for them, and while they are looked for."""
    roots = paths.readable_folders()
    if not roots:
        st.caption("Reading folders is switched off here (VAE_FOLDERS). Upload images instead.")
        return None
    written = _written()
    reading: AskedFolder | None = st.session_state.get(READING)
    if reading and reading.written != written:
        st.session_state[READING] = reading = None
    if not written:
        st.caption(f"Below {_named(roots)}. All images in it are read; sub-folders are taken for classes.")
        return None
    if reading and not reading.done:
        _go_on(reading)
        return None
    label = "Read it again" if reading else "Read this folder"
    if clicks.button(label, "anomalies-read-folder", icon=":material/folder_open:", width="stretch"):
        st.session_state[READING] = None
        _go_on(AskedFolder(written, _begin(written, roots)))
    return _found(checkpoint, reading) if reading and reading.done else None


def is_read() -> bool:
    """Whether the folder that is written has been read."""
    reading: AskedFolder | None = st.session_state.get(READING)
    return reading is not None and reading.done and reading.written == STATE.text("folder").strip()


def _written() -> str:
    st.session_state[FIELD] = STATE.text("folder")

    def changed() -> None:
        STATE.put("folder", st.session_state[FIELD].strip())

    path = st.text_input("Folder on the computer that runs this app", key=FIELD, on_change=changed, max_chars=1_000)
    return path.strip()


def _begin(written: str, roots: tuple[Path, ...]) -> ImageWalk:
    """Raises ScoreError for a folder that isn't there or lies outside the roots: both in the same words."""
    try:
        folder = Path(written).expanduser()
    except RuntimeError:  # nobody of that name
        folder = Path(written)
    if not image_walk.is_inside(folder, roots):
        raise ScoreError(
            f"There is no folder {written[:200]!r} below {_named(roots)}.",
            "Give a folder of images there; whoever runs the app chooses where, by VAE_FOLDERS.",
        )
    return ImageWalk(folder.resolve(), WalkBounds(MOST_IMAGES, MOST_ENTRIES, roots))


def _go_on(reading: AskedFolder) -> None:
    """Walk a step and run again, so that Stop is heard between two steps."""
    walk = reading.walk
    st.caption(f"Looking for images: {len(walk.files):,} found among {walk.entries:,} files.")
    st.button("Stop", key="anomalies-stop-folder", icon=":material/stop_circle:", on_click=_forget, width="stretch")
    st.session_state.pop(READING, None)  # what raises below is not tried again
    done = walk.go_on(STEP_SECONDS)
    st.session_state[READING] = AskedFolder(reading.written, walk, done)
    st.rerun()


def _forget() -> None:
    st.session_state.pop(READING, None)


def _found(checkpoint: Checkpoint, reading: AskedFolder) -> Wanted:
    source: Source = sources.from_walk(reading.walk, checkpoint.model.image_shape, checkpoint.dataset.reading)
    return Wanted(source, f"folder {reading.walk.root} {source.stamp}")


def _named(roots: tuple[Path, ...]) -> str:
    return page.escape(" or ".join(str(root) for root in roots))
