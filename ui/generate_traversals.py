"""Traversals: what each latent dimension does, one row a dimension, the most informative first."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ui import (
    cache,
    generate_code,
    generate_downloads,
    generate_state,
    sample_detail,
    sheet,
    shelf,
    shell,
)
from ui.generate_state import FIELDS
from vae.generation import traversals
from vae.records import Checkpoint

UNUSED_KL = 0.01  # nats: as in ui/live/slider.js


@st.fragment
def show(checkpoint: Checkpoint, model_text: str) -> None:
    """The whole sheet from the pinned image."""
    with shell.error_boundary():
        with st.container(key="workbench"):
            settings, middle, detail = st.columns([1.1, 2.5, 1.05], gap="medium")
        anchor = shelf.chosen(checkpoint)
        with settings:
            st.caption(
                f"Starts from the pinned image that is outlined: {shell.escape(anchor.title)}. Each row sets one "
                "dimension to the values above it and leaves all others as they are."
            )
            steps = FIELDS.slider("Steps", "steps", 11, 3, 21)
            span = FIELDS.real("From − to +", "span", 3.0, 0.5, 10.0, 0.5, "The prior's standard deviation is 1.")
        generate_state.write_url(model_text)
        order = traversals.by_kl(checkpoint.latents)
        at = traversals.values(-span, span, steps)
        z = traversals.traverse(anchor.vector, order, at).reshape(-1, checkpoint.model.latent_dim)
        images = cache.decoded(checkpoint, z)
        with middle:
            click = sheet.show(
                images,
                key="traversals",
                label="Latent traversals",
                columns=steps,
                row_names=[f"z{j} · {kl:.2f} nats" for j, kl in _kl(checkpoint, order)],
                row_titles=[f"KL of dimension {j}, averaged over the test images" for j in order],
                column_names=[f"{value:.1f}".replace("-", "−") for value in at],
            )
            st.caption(_reading(checkpoint))
        with detail:
            if click is None or click["index"] >= len(z):
                st.caption("Click a picture to pin it or to open it in Explore.")
            else:
                row, column = divmod(click["index"], steps)
                title = f"z{order[row]} = {at[column]:.2f}".replace("-", "−")
                sample_detail.show(checkpoint, z[click["index"]], images[click["index"]], title)
        with settings:
            generate_downloads.show("traversals", lambda: images, z, steps)
            generate_code.show(generate_code.traversals(checkpoint, anchor, steps, span))


def _kl(checkpoint: Checkpoint, order: list[int]) -> list[tuple[int, float]]:
    kl = checkpoint.latents.kl_per_dim()
    return [(j, float(kl[j])) for j in order]


def _reading(checkpoint: Checkpoint) -> str:
    kl = checkpoint.latents.kl_per_dim()
    unused = int(np.sum(kl < UNUSED_KL))
    said = f"Nats: KL of each dimension, averaged over the {len(checkpoint.latents.mu):,} test images."
    if unused:
        said += f" {unused} of {len(kl)} carry less than {UNUSED_KL} nats: their rows hardly change."
    return said
