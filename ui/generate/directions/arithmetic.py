"""A − B + C of latent vectors: what A has and B lacks, given to C."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ui.generate import code, picture_detail, state
from ui.generate.pins import pins
from ui.generate.state import FIELDS
from ui.shared import cache, page, pictures, python_code
from vae.checkpoints.checkpoint import Checkpoint
from vae.generation import anchors, directions
from vae.generation.anchors import Anchor

WIDTH = 112


@st.fragment
def show(checkpoint: Checkpoint, model_text: str) -> None:
    """Three choices among pinned images and class means, and the result."""
    linked = any(state.STATE.chosen(name) for name in state.TERMS)
    with page.error_boundary(), st.expander("Arithmetic: A − B + C", linked, icon=":material/calculate:"):
        options = _options(checkpoint)
        if not options:
            st.caption("Add an image first.")
            return
        columns = st.columns([1, 1, 1, 1.6], gap="medium")
        terms = []
        for i, (column, name) in enumerate(zip(columns, state.TERMS, strict=False)):
            with column:
                anchor = _term("ABC"[i], name, options, i)
                terms.append(anchor)
                picture = cache.decoded(checkpoint, anchor.vector[None])[0]
                st.image(pictures.enlarged(picture, WIDTH), width=WIDTH, output_format="PNG")
        state.write_url(model_text, part="arithmetic")
        with columns[3]:
            _result(checkpoint, terms)
        python_code.show(code.arithmetic(checkpoint, terms))


def read(checkpoint: Checkpoint) -> None:
    """Let the view's URL, which is written before these choices are drawn, say them too."""
    tokens = list(_options(checkpoint))
    for i, name in enumerate(state.TERMS if tokens else ()):
        state.option(name, tokens, _default(tokens, i))


def _default(tokens: list[str], place: int) -> str:
    return tokens[min(place, len(tokens) - 1)]


def _options(checkpoint: Checkpoint) -> dict[str, Anchor]:
    """Pinned images, then class means, by token."""
    found = {anchor.token: anchor for anchor in pins.mine(checkpoint)}
    names = checkpoint.dataset.class_names
    for label in np.unique(checkpoint.latents.labels)[:200]:
        anchor = anchors.parse(f"class:{names[int(label)]}", checkpoint)
        found.setdefault(anchor.token, anchor)
    return found


def _term(letter: str, name: str, options: dict[str, Anchor], place: int) -> Anchor:
    tokens = list(options)
    titles = {token: anchor.title for token, anchor in options.items()}
    return options[FIELDS.choice(letter, name, tokens, _default(tokens, place), titles)]


def _result(checkpoint: Checkpoint, terms: list[Anchor]) -> None:
    z = directions.arithmetic(*(anchor.vector for anchor in terms))
    st.markdown("**A − B + C**")
    image = cache.decoded(checkpoint, z[None])[0]
    st.image(pictures.enlarged(image, WIDTH), width=WIDTH, output_format="PNG")
    picture_detail.latent(checkpoint, z)
    picture_detail.actions(checkpoint, z, image, "A − B + C", "arithmetic")
