"""Traversals: what each latent dimension does, one row a dimension, the most informative first."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ui.components import picture_sheet
from ui.components.picture_sheet.picture_bytes import MAX_PICTURES, SheetLayout
from ui.generate import code, downloads, layout, picture_detail, state
from ui.generate.downloads import SheetOffer
from ui.generate.pins import pins
from ui.generate.state import FIELDS
from ui.shared import cache, page, python_code
from vae.checkpoints import dimension_name_files, metrics
from vae.checkpoints.checkpoint import Checkpoint
from vae.data.slides import Captions
from vae.generation import traversals

MOST_SPAN = 10.0  # latent units
UNUSED_KL = 0.01  # nats: as in ui/components/live_decoder/slider.js


@st.fragment
def show(checkpoint: Checkpoint, model_text: str) -> None:
    """The sheet from the image that is chosen above it."""
    state.begin_view()
    with page.error_boundary():
        anchor = pins.shelf(checkpoint, "Start from")
        place = layout.parts()
        most = max(3, min(21, MAX_PICTURES // checkpoint.model.latent_dim))
        with layout.field(place.bar, 200):
            steps = FIELDS.slider("Pictures in a row", "steps", min(11, most), 3, most)
        with layout.field(place.bar, 130):
            span = _span(checkpoint)
        state.write_url(model_text)
        order = metrics.most_telling_first(checkpoint)
        at = traversals.values(-span, span, steps)
        z = traversals.traverse(anchor.vector, order, at).reshape(-1, checkpoint.model.latent_dim)
        images = cache.decoded(checkpoint, z)
        names = dimension_name_files.read(checkpoint)
        carries, measure = _carries(checkpoint)
        row_names = [f"{names.label(j)} · {carries[j]}" for j in order]
        column_names = [_number(value, at) for value in at]
        with place.pictures:
            click = picture_sheet.show(
                images,
                "traversals",
                SheetLayout(
                    "Latent traversals",
                    columns=steps,
                    row_names=row_names,
                    row_titles=[f"{measure.format(j)}" for j in order],
                    column_names=column_names,
                ),
            )
            _reading(checkpoint)
        with place.panel:
            if click is None:
                st.caption("Click a picture to pin it, explore from it or download it.")
            else:
                row, column = divmod(click["index"], steps)
                title = f"{names.label(order[row])} = {_number(at[column], at)}"
                picture_detail.show(checkpoint, z[click["index"]], images[click["index"]], title)
        with place.bar:
            captions = Captions(f"{checkpoint.name} · from {anchor.title}", row_names, column_names)
            downloads.show(f"{checkpoint.name}-traversals", lambda: images, z, SheetOffer(captions, steps))
        with place.below:
            python_code.show(code.traversals(checkpoint, anchor, steps, span))


def _number(value: float, among: NDArray[np.float64]) -> str:
    """With as many decimals as tell it from its neighbours."""
    decimals = 1 if among[1] - among[0] >= 0.2 else 2
    return f"{value:.{decimals}f}".replace("-", "−")


def _span(checkpoint: Checkpoint) -> float:
    """How far each dimension goes to both sides of 0; at first an autoencoder's as far as its codes."""
    if metrics.has_kl(checkpoint):
        return FIELDS.real("Range (±)", "span", 3.0, 0.5, MOST_SPAN, 0.5, "The prior's standard deviation is 1.")
    farthest = float(np.abs(checkpoint.latents.mu).max())
    reach = min(MOST_SPAN, max(0.5, np.ceil(2 * farthest) / 2))
    return FIELDS.real("Range (±)", "span", reach, 0.5, MOST_SPAN, 0.5, f"The codes lie up to {farthest:.1f} from 0.")


def _carries(checkpoint: Checkpoint) -> tuple[list[str], str]:
    """How much each dimension carries, by its index, and what that is of dimension {}."""
    if not metrics.has_kl(checkpoint):
        said = [f"var {value:.2f}" for value in checkpoint.latents.variance_per_dim()]
        return said, "Variance of the test images' codes along dimension {}"
    kl = checkpoint.latents.kl_per_dim()
    said = [f"{value:.2f} nats" if value >= UNUSED_KL else "unused" for value in kl]
    return said, "KL of dimension {}, averaged over the test images"


def _reading(checkpoint: Checkpoint) -> None:
    if not metrics.has_kl(checkpoint):
        st.markdown(
            "The latent dimension along which the codes vary most comes first.",
            help=f"This is an autoencoder. The number beside a row is the variance of its dimension over the codes of "
            f"{len(checkpoint.latents.mu):,} test images.",
        )
        return
    kl = checkpoint.latents.kl_per_dim()
    used = int(np.sum(kl >= UNUSED_KL))
    st.markdown(
        f"**{used} of {len(kl)}** latent dimensions change the picture; the most informative one comes first.",
        help=f"The number beside a row is the KL of its dimension in nats, averaged over the "
        f"{len(checkpoint.latents.mu):,} test images; below {UNUSED_KL} it counts as unused.",
    )
