"""The right side of Explore when decoding happens in Python: plain sliders, decoded by PyTorch on release.

For decoders that the browser can't evaluate, and as the reference that the live decoder is compared with.
"""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ui.components import clicks, events
from ui.components.live_decoder import panel_data
from ui.explore import state
from ui.shared import cache, explore_place, model_picker, page, pictures
from ui.shared.explore_place import Place
from vae.checkpoints.checkpoint import Checkpoint
from vae.errors import DatasetError, DatasetMissingError


@st.fragment
def show(checkpoint: Checkpoint, clicked: int | None) -> None:
    """Sliders, pictures and numbers; holds the same vector as the live decoder. `clicked` is the map's selected row."""
    with page.error_boundary():
        if events.is_new("explore-map", clicked) and clicked is not None:
            explore_place.go(checkpoint, Place(clicked))
        place = explore_place.here(checkpoint)
        above = st.container()  # the pictures depend on the sliders, but stand over them as in the live decoder
        z = _sliders(checkpoint, place)
        if z != explore_place.vector(checkpoint, place):
            place = Place(place.row, tuple(z))
            explore_place.keep(checkpoint, place)  # not `go`: fresh sliders would lose the next drag
        state.write_url(model_picker.link_text(checkpoint), place)
        with above:
            _pictures(checkpoint, place, z)
            _facts(checkpoint, place)
        if place.row is not None and (missing := cache.missing_dataset(checkpoint)):
            from ui.shared import job_card  # not before: it brings the queue of jobs with it

            job_card.download_offer(missing.name, missing.title, missing.download_mb)
        _buttons(checkpoint, place)


def _buttons(checkpoint: Checkpoint, place: Place) -> None:
    """Back to the image, and to the origin."""
    image, origin, _ = st.columns([1, 1, 2])
    with image:
        to_image = clicks.button("Image", "python-image", disabled=place.row is None, width="stretch")
    with origin:
        to_origin = clicks.button("Origin", "python-origin", width="stretch")
    if to_image:
        explore_place.go(checkpoint, Place(place.row))
        st.rerun()  # of a whole run too: it can hold the click of a fragment's button
    if to_origin:
        explore_place.go(checkpoint, Place(place.row, (0.0,) * checkpoint.model.latent_dim))
        st.rerun()


def _sliders(checkpoint: Checkpoint, place: Place) -> list[float]:
    start = explore_place.vector(checkpoint, place)
    values = list(start)
    columns = st.columns(2 if checkpoint.model.latent_dim > 4 else 1)
    for i, dim in enumerate(panel_data.slider_dims(checkpoint)):
        j = dim["index"]
        # the key holds the place the person came from: a new place gives fresh sliders, a drag keeps its own
        key = f"python-z{j}-{checkpoint.identity[:8]}-{explore_place.revision()}"
        low, high = min(dim["low"], start[j]), max(dim["high"], start[j])
        with columns[i % len(columns)]:
            values[j] = st.slider(
                f"z{j}", low, high, start[j], step=0.01, key=key, help=f"KL {dim['kl']:.2f} nats per image"
            )
    # a slider rounds to its step: only what was really moved counts
    return [new if abs(new - old) > 0.0051 else old for new, old in zip(values, start, strict=True)]


def _pictures(checkpoint: Checkpoint, place: Place, z: list[float]) -> None:
    decoded = decode(checkpoint, z)
    left, middle, right = st.columns(3)
    middle.image(pictures.enlarged(decoded), caption="Decoded in Python", width="stretch", output_format="PNG")
    if place.row is None:
        left.caption("No image selected. Click a point on the map.")
        return
    try:
        original = cache.test_images(checkpoint).images[place.row]
    except DatasetMissingError:
        left.caption("Not on this machine")
        return
    except DatasetError as error:
        left.caption(page.escape(str(error)))
        return
    left.image(pictures.enlarged(original), caption="Original", width="stretch", output_format="PNG")
    difference = np.abs(decoded - original.astype(np.float32) / 255)
    caption = f"|Difference|, Σ {difference.sum():.1f}"
    right.image(pictures.enlarged(difference), caption=caption, width="stretch", output_format="PNG")


def decode(checkpoint: Checkpoint, z: list[float]) -> NDArray[np.float32]:
    """E[x|z] by PyTorch, (C, H, W) in [0, 1]."""
    import torch

    model = cache.model(checkpoint)
    with torch.inference_mode():
        pixels: NDArray[np.float32] = model.decode_mean(torch.tensor([z], dtype=torch.float32))[0].numpy()
    return pixels


def _facts(checkpoint: Checkpoint, place: Place) -> None:
    if place.row is None:
        return
    latents = checkpoint.latents
    elbo, kl = (round(float(a[place.row]), 1) for a in (latents.elbo, latents.kl))
    name = checkpoint.dataset.class_names[int(latents.labels[place.row])]
    files = cache.file_names(checkpoint)
    file = f" · {page.escape(files[place.row])}" if files else ""
    st.markdown(f"**Row {place.row:,} · class {page.escape(name)}{file}**")
    numbers = f"ELBO {elbo:.1f} = {elbo + kl:.1f} (reconstruction) − {kl:.1f} (KL) nats".replace("-", "−")
    st.caption(f"{numbers} · squared error {float(latents.squared_error[place.row]):.2f}")
