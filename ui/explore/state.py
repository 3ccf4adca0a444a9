"""Where the person is in Explore: row, latent vector and what the map shows, in the session and in the URL."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from ui.components import events, live_decoder
from ui.components.latent_vector import FARTHEST, finite_vector
from ui.shared import page_state
from ui.shared.page_state import PageState, Values
from vae.checkpoints.checkpoint import Checkpoint

STATE = PageState("explore", ("map", "x", "y", "colour", "python"), lists=("row", "z"))
ROWS = "explore_rows"  # by data set: models of one data set share the selected image
VECTORS = "explore_vectors"  # by checkpoint
REVISION = "explore_revision"
NOTICE = "explore_notice"


@dataclass(frozen=True)
class Place:
    """The selected row, None when there is none, and the latent vector, None when it is the row's posterior mean."""

    row: int | None = None
    z: tuple[float, ...] | None = None


def write_url(model: str, place: Place) -> None:
    """Make the URL say what is shown."""
    row = [] if place.row is None else [str(place.row)]
    z = [] if place.z is None else [",".join(f"{v:g}" for v in place.z)]
    STATE.write_url(model, {"row": row, "z": z})


def apply_link(link: Values, checkpoint: Checkpoint) -> None:
    """Go to the link's row and vector; what it gets wrong is said and left out."""
    text = {name: link[name][-1] for name in ("row", "z") if name in link}
    row, z, problems = None, None, []
    count = len(checkpoint.latents.mu)
    if found := text.get("row"):
        row = int(found) if found.isascii() and found.isdigit() and len(found) < 12 else None
        if row is None or row >= count:
            problems.append(f"The link asks for row {found[:20]}, expected a whole number from 0 to {count - 1:,}.")
            row = None
    if found := text.get("z"):
        z = finite_vector(found.split(","), checkpoint.model.latent_dim)
        if z is None:
            wanted = f"{checkpoint.model.latent_dim} numbers from −100 to 100"
            problems.append(f"The link's latent vector z was left out: expected {wanted}, separated by commas.")
    _put(checkpoint, Place(row, tuple(z) if z else None))
    st.session_state[REVISION] = revision() + 1
    st.session_state[NOTICE] = {checkpoint.identity: " ".join(problems)}


def notice(checkpoint: Checkpoint) -> str:
    """What was wrong with the link, until the person moves."""
    said: dict[str, str] = st.session_state.get(NOTICE, {})
    return said.get(checkpoint.identity, "")


def here(checkpoint: Checkpoint) -> Place:
    """Where the person is with this checkpoint."""
    row: int | None = st.session_state.setdefault(ROWS, {}).get(checkpoint.dataset.test_fingerprint)
    row = row if row is not None and 0 <= row < len(checkpoint.latents.mu) else None
    vector: Place = st.session_state.setdefault(VECTORS, {}).get(checkpoint.identity, Place())
    return Place(row, vector.z if vector.row == row else None)


def go(checkpoint: Checkpoint, place: Place) -> None:
    """Put the person somewhere; the live decoder follows, because the revision changes."""
    keep(checkpoint, place)
    st.session_state[REVISION] = revision() + 1


def revision() -> int:
    """Changes whenever Python, not the page, moved."""
    number: int = st.session_state.get(REVISION, 0)
    return number


def take_event(checkpoint: Checkpoint, value: object) -> None:
    """Keep a move that the page reports, once. Reports that don't fit are ignored: they come from a browser."""
    view = live_decoder.view_of(value, checkpoint.model.latent_dim, len(checkpoint.latents.mu))
    if view is None or not events.is_new(f"panel-{checkpoint.identity}", view["id"]):
        return
    row, z = view["row"], view["z"]
    at_mean = _is_mean(checkpoint, row, z)
    if at_mean or max(map(abs, z)) <= FARTHEST:  # only an image's own mean may lie farther out
        keep(checkpoint, Place(row, None if at_mean else tuple(z)))


def _is_mean(checkpoint: Checkpoint, row: int | None, z: list[float]) -> bool:
    if row is None:
        return False
    return all(abs(a - b) < 5e-4 for a, b in zip(z, checkpoint.latents.mu[row].tolist(), strict=True))


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


def _put(checkpoint: Checkpoint, place: Place) -> None:
    st.session_state.pop(NOTICE, None)
    st.session_state.setdefault(ROWS, {})[checkpoint.dataset.test_fingerprint] = place.row
    st.session_state.setdefault(VECTORS, {})[checkpoint.identity] = place
