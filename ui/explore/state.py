"""Where the person is in Explore: row, latent vector and what the map shows, in the session and in the URL.

The URL always says what is shown, so a copied link restores it. A URL that this session did not write itself is a link
that was followed (or Back), and wins over the session.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import streamlit as st

from ui.components import events
from ui.components.latent_vector import FARTHEST, finite_vector
from ui.components.live_decoder import View
from ui.shared.own_urls import OwnUrls
from vae.checkpoints.checkpoint import Checkpoint

URLS = "explore_urls"
ROWS = "explore_rows"  # by data set: models of one data set share the selected image
VECTORS = "explore_vectors"  # by checkpoint
REVISION = "explore_revision"
NOTICE = "explore_notice"
CHOICES = "explore_choices"  # what was chosen, by name
SHOWN = "explore_shown"  # what is shown now, by name: the choice, or the default where there is none
CHOICE_NAMES = ("map", "x", "y", "colour", "python")
USUAL = {"colour": "class", "python": "no"}  # defaults of every model: a link need not say them
PARAMETERS = ("model", "row", "z", *CHOICE_NAMES)


@dataclass(frozen=True)
class Place:
    """The selected row, None when there is none, and the latent vector, None when it is the row's posterior mean."""

    row: int | None = None
    z: tuple[float, ...] | None = None


@dataclass(frozen=True)
class FollowedLink:
    """What the URL says, when it says something that this session did not write."""

    model: str | None
    row: str | None
    z: str | None
    choices: dict[str, str] = field(default_factory=dict)


def followed_link() -> FollowedLink | None:
    """The link that brought the person here, None when the URL is our own or empty."""
    found = {name: st.query_params.get(name) for name in PARAMETERS}
    if not any(found.values()) or _urls().has(found):
        return None
    _urls().follow(found)  # followed once: where it leads to nothing, the person can go elsewhere
    choices = {name: value for name in CHOICE_NAMES if (value := found[name])}
    return FollowedLink(found["model"], found["row"], found["z"], choices)


def _urls() -> OwnUrls:
    found: OwnUrls = st.session_state.setdefault(URLS, OwnUrls())
    return found


def choice(name: str, options: Sequence[str], default: str) -> str:
    """What is chosen for `name`: by a link or the person where it is on offer, else the default."""
    chosen: str = st.session_state.setdefault(CHOICES, {}).get(name, default)
    chosen = chosen if chosen in options else default
    st.session_state.setdefault(SHOWN, {})[name] = chosen
    return chosen


def choose(name: str, value: str) -> None:
    """Keep a choice for the session; the URL follows."""
    _urls().choose()
    st.session_state.setdefault(CHOICES, {})[name] = value
    st.session_state.setdefault(SHOWN, {})[name] = value


def forget_shown() -> None:
    """Begin a run: choices that this run does not offer stay out of the URL."""
    st.session_state[SHOWN] = {}


def write_url(model: str, place: Place) -> None:
    """Make the URL say what is shown."""
    values: dict[str, str | None] = {
        "model": model,
        "row": None if place.row is None else str(place.row),
        "z": None if place.z is None else ",".join(f"{v:g}" for v in place.z),
        **{name: _told(name) for name in CHOICE_NAMES},
    }
    _urls().write(values)
    before = st.query_params.to_dict()
    after = {name: value for name, value in before.items() if name not in values}
    after |= {name: value for name, value in values.items() if value is not None}
    if after != before:
        st.query_params.from_dict(after)  # all at once: one step of the browser's history


def _told(name: str) -> str | None:
    value: str | None = st.session_state.get(SHOWN, {}).get(name)
    return None if value == USUAL.get(name) else value


def apply_link(link: FollowedLink, checkpoint: Checkpoint) -> None:
    """Go to the link's row and vector, and choose what it chooses; what it gets wrong is said and left out."""
    row, z, problems = None, None, []
    before = {} if link.model else st.session_state.get(CHOICES, {})  # a whole link says all; part of one adds
    st.session_state[CHOICES] = before | link.choices
    count = len(checkpoint.latents.mu)
    if link.row:
        row = int(link.row) if link.row.isascii() and link.row.isdigit() and len(link.row) < 12 else None
        if row is None or row >= count:
            problems.append(f"The link asks for row {link.row[:20]}, expected a whole number from 0 to {count - 1:,}.")
            row = None
    if link.z:
        z = finite_vector(link.z.split(","), checkpoint.model.latent_dim)
        if z is None:
            wanted = f"{checkpoint.model.latent_dim} numbers from −100 to 100"
            problems.append(f"The link's latent vector z was left out: expected {wanted}, separated by commas.")
    if link.row or link.z or link.model:
        go(checkpoint, Place(row, tuple(z) if z else None))
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


def hear(checkpoint: Checkpoint, view: View | None) -> None:
    """Keep a move that the page reports, once. Reports that don't fit are ignored: they come from a browser."""
    if not isinstance(view, dict):
        return
    if not events.is_new(f"panel-{checkpoint.identity}", str(view.get("id"))):
        return
    row = view.get("row")
    z = finite_vector(view.get("z"), checkpoint.model.latent_dim, largest=float("inf"))
    whole = isinstance(row, int) and not isinstance(row, bool) and 0 <= row < len(checkpoint.latents.mu)
    if z is None or not (row is None or whole):
        return
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
    st.session_state.pop(NOTICE, None)
    st.session_state.setdefault(ROWS, {})[checkpoint.dataset.test_fingerprint] = place.row
    st.session_state.setdefault(VECTORS, {})[checkpoint.identity] = place
