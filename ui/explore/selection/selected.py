"""Which images are selected, in the session and, where it is short enough to be written down, in the URL.

It is written as groups of images are (vae/generation/groups.py): `class:7`, `near:30:50`, `rows:1,4-9`. More rows than
fit there are kept in the session under a name, `drawn:…`, which leads back to them as long as the session lasts.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ui.explore.state import SELECTED, STATE
from vae.checkpoints.checkpoint import Checkpoint
from vae.errors import GenerationError
from vae.generation import groups
from vae.selection import tag_files

OWNER = "explore_selected_of"  # in the session: the images of which some are selected, by their fingerprint
DRAWN = "explore_drawn"  # in the session: the rows that are too many to be written down, by name
REVISION = "explore_selected_revision"
KEPT = 20  # drawn selections that Back still finds
DRAWN_PREFIX = "drawn:"

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Selection:
    """The rows (n,) of the images that are selected, ascending, and the text that stands for them, "" for none."""

    text: str
    rows: Rows

    @property
    def digest(self) -> str:
        """Names exactly these rows."""
        return hashlib.sha256(np.ascontiguousarray(self.rows, np.int64).tobytes()).hexdigest()

    @property
    def has_address(self) -> bool:
        """Whether a link leads to it, in other sessions too."""
        return not self.text.startswith(DRAWN_PREFIX)


NONE = Selection("", np.zeros(0, np.int64))


def begin(checkpoint: Checkpoint, linked: bool) -> None:
    """Forget a selection of other images; `linked` tells that a link has just brought one."""
    fingerprint = checkpoint.dataset.test_fingerprint
    if st.session_state.setdefault(OWNER, fingerprint) != fingerprint:
        st.session_state[OWNER] = fingerprint
        if not linked:
            STATE.forget(SELECTED)
        renew()
    elif linked:
        renew()


def here(checkpoint: Checkpoint) -> Selection:
    """What is selected of a checkpoint's images. A link's mistake is said, and nothing is selected."""
    text = STATE.text(SELECTED)
    if not text:
        return NONE
    if text.startswith(DRAWN_PREFIX):
        rows = _drawn().get(text)
        if rows is not None and len(rows) and rows[-1] < len(checkpoint.latents.mu):
            return Selection(text, rows)
        STATE.refuse(SELECTED, text, "a selection of this visit (keep one as a tag to share it)", "nothing")
        return NONE
    try:
        tagged = tag_files.stamps(checkpoint.identity) if "tag:" in text else ()
        return Selection(text, _rows(checkpoint.identity, len(checkpoint.latents.mu), text, tagged, checkpoint))
    except GenerationError as error:
        STATE.refuse(SELECTED, text, f"images of this data set ({error.message})", "nothing")
        return NONE


@st.cache_resource(max_entries=32, show_spinner=False)
def _rows(identity: str, images: int, text: str, tagged: tuple[tuple[str, int], ...], _checkpoint: Checkpoint) -> Rows:
    """Several parts of the page ask, and the nearest of many images take a moment."""
    return groups.parse(text, _checkpoint).rows


def put_rows(rows: Rows) -> None:
    """Select these rows, ascending: what a hand has drawn."""
    if not len(rows):
        STATE.put(SELECTED, "")
        return
    try:
        text = groups.of_rows(rows)
    except GenerationError:  # too many to be written down
        text = f"{DRAWN_PREFIX}{Selection('', rows).digest[:12]}"
        drawn = _drawn()
        drawn.pop(text, None)
        drawn[text] = rows
        while len(drawn) > KEPT:
            drawn.pop(next(iter(drawn)))
    STATE.put(SELECTED, text)


def put(text: str) -> None:
    """Select what a text stands for; the page's tools follow."""
    STATE.put(SELECTED, text)
    renew()


def revision() -> str:
    """Changes whenever Python, or a link, not a hand on the map, has selected."""
    return f"{STATE.revision()}-{st.session_state.get(REVISION, 0)}"


def renew() -> None:
    """Have the page's tools take over what is selected now."""
    st.session_state[REVISION] = st.session_state.get(REVISION, 0) + 1


def _drawn() -> dict[str, Rows]:
    found: dict[str, Rows] = st.session_state.setdefault(DRAWN, {})
    return found
