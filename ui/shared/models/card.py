"""What a model is, in the sidebar of every page: its data, its size, its test loss and its health."""

from __future__ import annotations

import base64
import html

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from ui.shared import cache, formatting, page, pictures, terms
from ui.shared.models import health
from vae.checkpoints import loss_group
from vae.checkpoints.checkpoint import Checkpoint, Summary
from vae.errors import DatasetError

FITS = 20  # characters of a name, which the picker shows
THUMBNAILS, SIDE = 8, 26  # how many, and about their side in CSS pixels
UNKNOWN_IMAGES = "Whether it was trained on the images that are shown here is not known."
STYLE = f"""
<style>
  .st-key-model_card {{ padding: 0.7rem 0.8rem; gap: 0.35rem; }}
  .st-key-model_card p {{ font-size: 0.85rem; overflow-wrap: anywhere; }}
  .data-thumbnails {{ display: grid; grid-template-columns: repeat({THUMBNAILS}, 1fr); gap: 2px; min-height: 1.25rem; }}
  .data-thumbnails img {{ width: 100%; aspect-ratio: 1; object-fit: cover; image-rendering: pixelated; }}
</style>
"""


def facts(summary: Summary) -> None:
    """What can be told before the checkpoint is read: images, likelihood, latent size, test loss and its kind."""
    st.html(STYLE)
    if len(summary.name) > FITS:
        st.markdown(f"**{page.escape(summary.name)}**")
    st.markdown(page.escape(about(summary)), help=terms.LATENT_DIMENSION)
    st.markdown(page.escape(loss(summary)), help=terms.TEST_LOSS)


def about(summary: Summary) -> str:
    """`MNIST · Bernoulli · 16 latent dimensions · conv`."""
    group = loss_group.of_summary(summary)
    if group is None or summary.model is None or summary.dataset is None:
        return ""
    size = formatting.count(summary.model.latent_dim, "latent dimension")
    only = (f"class {', '.join(group.classes)} only",) if group.classes else ()
    parts = (summary.dataset.title, *only, group.pixels, size, summary.model.architecture)
    return " · ".join(part.replace(" ", "\u00a0") for part in parts)


def loss(summary: Summary) -> str:
    """`Test loss (−ELBO): 92.82 nats`."""
    group = loss_group.of_summary(summary)
    if summary.test_loss is None or group is None:
        return "Test loss not measured"
    return f"Test loss ({group.kind}): {formatting.number(summary.test_loss)}\u00a0nats"


def well_being(checkpoint: Checkpoint) -> None:
    """Fine, watch or failing, and why; of a model from elsewhere also how it is read."""
    judged = health.verdict(checkpoint)
    st.markdown(health.badge(judged), help=page.escape(f"{judged.sentence} {judged.remedy}".strip()))
    if checkpoint.origin:
        st.markdown("Trained elsewhere", help=page.escape(f"{checkpoint.origin} {UNKNOWN_IMAGES}"))


# --- thumbnails -------------------------------------------------------------------------------------------------------


def thumbnails(checkpoint: Checkpoint, slot: DeltaGenerator) -> None:
    """A row of the model's test images in `slot`: at once where they are known, else after the rest of the page."""
    drawn = _drawn()
    fingerprint = checkpoint.dataset.test_fingerprint + " ".join(checkpoint.train.classes)
    if fingerprint in drawn:
        slot.html(drawn[fingerprint])
        return
    slot.html('<div class="data-thumbnails"></div>')  # keeps the place

    def draw() -> None:
        try:
            drawn[fingerprint] = row_of(cache.test_images(checkpoint).images, checkpoint)
            slot.html(drawn[fingerprint])
        except DatasetError:  # not on this machine, or others: other parts of the page say so
            slot.empty()

    page.later(draw)


@st.cache_resource(show_spinner=False)
def _drawn() -> dict[str, str]:
    """Rows of thumbnails by what they show, a few kilobytes each; for all sessions."""
    return {}


def row_of(images: NDArray[np.uint8], checkpoint: Checkpoint) -> str:
    """HTML of up to THUMBNAILS of the images (N, C, H, W), of as many of the model's classes as possible."""
    rows = examples(checkpoint)
    names, labels = checkpoint.dataset.class_names, checkpoint.latents.labels
    return (
        f'<div class="data-thumbnails">{"".join(picture(images[row], names[labels[row]], SIDE) for row in rows)}</div>'
    )


def examples(checkpoint: Checkpoint) -> list[int]:
    """Rows of test images: the first of every class, and more of the same where there are fewer classes."""
    rows = checkpoint.trained_rows()
    labels = checkpoint.latents.labels[rows]
    _, first = np.unique(labels, return_index=True)
    if len(first) > THUMBNAILS:
        first = first[np.linspace(0, len(first) - 1, THUMBNAILS).round().astype(int)]
    more = np.setdiff1d(np.arange(len(rows)), first)[: THUMBNAILS - len(first)]
    return [int(rows[i]) for i in (*first, *more)]


def picture(image: NDArray[np.uint8], name: str, side: int) -> str:
    """HTML of an image (C, H, W) of class `name`, made small to about `side` pixels."""
    small = pictures.shrunk(image, side)
    data = base64.b64encode(pictures.png(small)).decode("ascii")
    return f'<img src="data:image/png;base64,{data}" alt="class {html.escape(name)}">'
