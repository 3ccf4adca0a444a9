"""Where the person is in Explore: row and latent vector. Other pages lead there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from ui.shared import page_state
from vae.checkpoints.checkpoint import Checkpoint

ROWS = "explore_rows"  # by data set: models of one data set share the selected image
VECTORS = "explore_vectors"  # by checkpoint
REVISION = "explore_revision"
NOTICE = "explore_notice"


@dataclass(frozen=True)
class Place:
    """The selected row, None when there is none, and the latent vector, None when it is the row's posterior mean."""

    row: int | None = None
    z: tuple[float, ...] | None = None


def here(checkpoint: Checkpoint) -> Place:
    """Where the person is with this checkpoint."""
    return later(checkpoint)()


def later(checkpoint: Checkpoint) -> Callable[[], Place]:
    """Asks the same whenever it is called, outside of the page's script, too, where there is no session."""
    rows: dict[str, int | None] = st.session_state.setdefault(ROWS, {})
    vectors: dict[str, Place] = st.session_state.setdefault(VECTORS, {})

    def here() -> Place:
        row = rows.get(checkpoint.dataset.test_fingerprint)
        row = row if row is not None and 0 <= row < len(checkpoint.latents.mu) else None
        vector = vectors.get(checkpoint.identity, Place())
        return Place(row, vector.z if vector.row == row else None)

    return here


def vector(checkpoint: Checkpoint, place: Place) -> list[float]:
    """The latent vector of a place: its own, its row's posterior mean, or the origin."""
    if place.z is not None:
        return list(place.z)
    if place.row is not None:
        return [float(v) for v in checkpoint.latents.mu[place.row]]
    return [0.0] * checkpoint.model.latent_dim


def keep(checkpoint: Checkpoint, place: Place) -> None:
    """Remember where the person has moved; the controls they moved stay as they are."""
    page_state.chose("row", str(place.row))
    _put(checkpoint, place)


def go(checkpoint: Checkpoint, place: Place) -> None:
    """Put the person somewhere; the live decoder follows, because the revision changes."""
    keep(checkpoint, place)
    _renew()


def arrive(checkpoint: Checkpoint, place: Place, notice: str) -> None:
    """Put the person where a link leads, with what is wrong with it: no choice of theirs, but the decoder follows."""
    _put(checkpoint, place)
    st.session_state[NOTICE] = {checkpoint.identity: notice}
    _renew()


def notice(checkpoint: Checkpoint) -> str:
    """What was wrong with the link, until the person moves."""
    said: dict[str, str] = st.session_state.get(NOTICE, {})
    return said.get(checkpoint.identity, "")


def revision() -> int:
    """Changes whenever Python, not the page, moved."""
    number: int = st.session_state.get(REVISION, 0)
    return number


def _renew() -> None:
    st.session_state[REVISION] = revision() + 1


def _put(checkpoint: Checkpoint, place: Place) -> None:
    st.session_state.pop(NOTICE, None)
    st.session_state.setdefault(ROWS, {})[checkpoint.dataset.test_fingerprint] = place.row
    st.session_state.setdefault(VECTORS, {})[checkpoint.identity] = place
