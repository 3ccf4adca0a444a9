"""Pinned images, which every page can add to and Generate's views start from.

The session keeps them by token (vae/generation/anchors.py), so that a link can carry them. Test images and class means
go along when another model of the same images is chosen; latent vectors belong to the model they were pinned with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import streamlit as st

from vae.checkpoints.checkpoint import Checkpoint
from vae.errors import GenerationError
from vae.generation.anchors import Anchor, parse

MOST = 12
PINS = "generate_pins"
OWNERS = "generate_pin_owners"  # by token: the identity of the model that a latent vector belongs to
EVERYBODYS = ("row:", "class:")


def tokens() -> list[str]:
    """Of all models' pinned images, oldest first."""
    found: list[str] = st.session_state.setdefault(PINS, [])
    return found


def follow(linked: Sequence[str]) -> None:
    """Pin just what a link says."""
    st.session_state.pop(OWNERS, None)
    st.session_state[PINS] = list(linked)


def mine(
    checkpoint: Checkpoint, problem: Callable[[str, GenerationError], None] = lambda token, error: None
) -> list[Anchor]:
    """The pins that this model can decode, oldest first; `problem` is told of those that are damaged."""
    owners: dict[str, str] = st.session_state.setdefault(OWNERS, {})
    found = []
    for token in tokens():
        if token.startswith(EVERYBODYS) or owners.setdefault(token, checkpoint.identity) == checkpoint.identity:
            try:
                found.append(replace(parse(token, checkpoint), token=token))
            except GenerationError as error:
                problem(token, error)
    return found


def has(checkpoint: Checkpoint, anchor: Anchor) -> bool:
    """Whether an image is pinned."""
    return anchor.token in [one.token for one in mine(checkpoint)]


def add(checkpoint: Checkpoint, anchor: Anchor) -> None:
    """Keep an image. Raises GenerationError when as many are pinned as there can be."""
    if anchor.token in tokens():
        return
    there = len(mine(checkpoint))
    if there >= MOST:
        raise GenerationError(f"{there} images are pinned already, the most there can be.", "Remove one first.")
    tokens().append(anchor.token)
    if not anchor.token.startswith(EVERYBODYS):
        st.session_state.setdefault(OWNERS, {})[anchor.token] = checkpoint.identity
