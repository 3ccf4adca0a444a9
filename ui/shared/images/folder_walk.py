"""A folder of the computer that runs the app, walked step by step. Only a click reads it: a link may name any.

Whoever runs the app says by VAE_FOLDERS what may be read; a folder elsewhere is called absent, in the same words as one
that is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from ui.components import clicks
from ui.shared import page
from vae.data.folders import image_walk
from vae.data.folders.image_walk import ImageWalk, WalkBounds
from vae.errors import DatasetError
from vae.storage import paths

LABEL = "Folder on the computer that runs this app"
OFF = "Reading folders is switched off here (VAE_FOLDERS). Upload images instead."
STEP_SECONDS = 0.4  # of walking between two looks at what the person wants


@dataclass(frozen=True)
class AskedFolder:
    """A folder that a click asked for, as it was written, and its walk, at its end or not."""

    written: str
    walk: ImageWalk
    done: bool = False


@dataclass(frozen=True)
class FolderField:
    """One place where a folder is asked for; `key` names it in the session and its buttons."""

    key: str
    most_images: int
    most_entries: int

    @property
    def _reading(self) -> str:
        return f"{self.key}_folder_reading"

    def read(self, written: str, roots: tuple[Path, ...], button: str = "Read this folder") -> ImageWalk | None:
        """The walk of the folder that is written; None until a click has asked for it, and while it goes on.

        Raises DatasetError for a folder that isn't there or lies outside the roots, or holds no images.
        """
        reading: AskedFolder | None = st.session_state.get(self._reading)
        if reading and reading.written != written:
            st.session_state[self._reading] = reading = None
        if not written:
            return None
        if reading and not reading.done:
            self._go_on(reading)
            return None
        label = "Read it again" if reading else button
        if clicks.button(label, f"{self.key}-read-folder", icon=":material/folder_open:", width="stretch"):
            st.session_state[self._reading] = None
            self._go_on(AskedFolder(written, self._begin(written, roots)))
        return reading.walk if reading else None

    def is_read(self, written: str) -> bool:
        """Whether this folder has been read."""
        reading: AskedFolder | None = st.session_state.get(self._reading)
        return reading is not None and reading.done and reading.written == written

    def forget(self) -> None:
        """Stop, or forget what was read."""
        st.session_state.pop(self._reading, None)

    def _begin(self, written: str, roots: tuple[Path, ...]) -> ImageWalk:
        try:
            folder = Path(written).expanduser()
        except RuntimeError:  # nobody of that name
            folder = Path(written)
        if not image_walk.is_inside(folder, roots):
            raise DatasetError(
                f"There is no folder {written[:200]!r} below {named(roots)}.",
                "Give a folder of images there; whoever runs the app chooses where, by VAE_FOLDERS.",
            )
        return ImageWalk(folder.resolve(), WalkBounds(self.most_images, self.most_entries, roots))

    def _go_on(self, reading: AskedFolder) -> None:
        """Walk a step and run again, so that Stop is heard between two steps."""
        walk = reading.walk
        st.caption(f"Looking for images: {len(walk.files):,} found among {walk.entries:,} files.")
        st.button(
            "Stop",
            key=f"{self.key}-stop-folder",
            icon=":material/stop_circle:",
            on_click=self.forget,
            width="stretch",
        )
        st.session_state.pop(self._reading, None)  # what raises below is not tried again
        done = walk.go_on(STEP_SECONDS)
        st.session_state[self._reading] = AskedFolder(reading.written, walk, done)
        st.rerun()


def readable() -> tuple[Path, ...]:
    """The folders below which one may be read."""
    return paths.readable_folders()


def named(roots: tuple[Path, ...]) -> str:
    """Those folders in words, escaped."""
    return page.escape(" or ".join(str(root) for root in roots))
