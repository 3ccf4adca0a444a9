"""A − B + C of latent vectors: what A has and B lacks, given to C."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ui import cache, pictures, sample_detail, shelf, shell
from vae.generation import anchors, directions, interpolation
from vae.generation.anchors import Anchor
from vae.records import Checkpoint

WIDTH = 112


@st.fragment
def show(checkpoint: Checkpoint) -> None:
    """Three choices among pinned images and class means, and the result."""
    with shell.error_boundary(), st.expander("Arithmetic: A − B + C", icon=":material/calculate:"):
        options = _options(checkpoint)
        if not options:
            st.caption("Pin an image first.")
            return
        columns = st.columns([1, 1, 1, 1.6], gap="medium")
        terms = []
        for i, (column, letter) in enumerate(zip(columns, "ABC", strict=False)):
            with column:
                anchor = _term(letter, options, i)
                terms.append(anchor)
                picture = cache.decoded(checkpoint, anchor.vector[None])[0]
                st.image(pictures.enlarged(picture, WIDTH), width=WIDTH, output_format="PNG")
        with columns[3]:
            _result(checkpoint, terms)


def _options(checkpoint: Checkpoint) -> dict[str, Anchor]:
    """Pinned images, then class means, by token."""
    found = {anchor.token: anchor for anchor in shelf.pinned(checkpoint)}
    names = checkpoint.dataset.class_names
    for label in np.unique(checkpoint.latents.labels)[:200]:
        anchor = anchors.parse(f"class:{names[int(label)]}", checkpoint)
        found.setdefault(anchor.token, anchor)
    return found


def _term(letter: str, options: dict[str, Anchor], place: int) -> Anchor:
    tokens = list(options)
    key = f"arithmetic-{letter}"
    if st.session_state.get(key) not in tokens:
        st.session_state[key] = tokens[min(place, len(tokens) - 1)]
    token = st.selectbox(letter, tokens, format_func=lambda t: options[t].title, key=key)
    return options[str(token)]


def _result(checkpoint: Checkpoint, terms: list[Anchor]) -> None:
    z = directions.arithmetic(*(anchor.vector for anchor in terms))
    st.markdown("**A − B + C**")
    st.image(pictures.enlarged(cache.decoded(checkpoint, z[None])[0], WIDTH), width=WIDTH, output_format="PNG")
    near = interpolation.distances(z[None], checkpoint.latents.mu)
    row, distance = int(near.row[0]), float(near.distance[0])
    name = checkpoint.dataset.class_names[int(checkpoint.latents.labels[row])]
    typical = cache.typical_distance(checkpoint)
    st.caption(
        f"{distance:.2f} from the nearest image's posterior mean (row {row:,}, class {shell.escape(name)}); between "
        f"images usually {typical.median:.2f}, 95 % below {typical.p95:.2f}."
    )
    sample_detail.actions(checkpoint, anchors.of_vector(z, "A − B + C"), "arithmetic")
