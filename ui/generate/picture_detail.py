"""One generated image: where it is in latent space, and the training image it is most like."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ui.generate.pins import pins
from ui.shared import cache, job_card, page, pictures
from ui.shared.detail import detail_panel
from ui.shared.detail.detail_panel import Chosen
from vae.checkpoints.checkpoint import Checkpoint, FloatArray
from vae.data import slides
from vae.data.slides import Captions
from vae.errors import DatasetError, DatasetMissingError
from vae.generation import holes
from vae.sample_quality import copies

PICTURE_WIDTH = 168


def show(checkpoint: Checkpoint, z: FloatArray, image: NDArray[np.uint8], title: str) -> None:
    """The image, large; what can be done with it; its nearest training image."""
    st.image(pictures.enlarged(image, PICTURE_WIDTH), width=PICTURE_WIDTH, output_format="PNG")
    st.markdown(f"**{page.escape(title)}**")
    st.caption(place(checkpoint, z))
    actions(checkpoint, z, image, title, "sample")
    nearest_training_image(checkpoint, image)


def actions(checkpoint: Checkpoint, z: FloatArray, image: NDArray[np.uint8], title: str, key: str) -> None:
    """Pin the image, explore from it, download it."""
    captions = Captions(f"{checkpoint.name} · {title}")
    chosen = Chosen(
        z,
        title,
        f"{checkpoint.name}-picture.png",
        lambda: slides.png(image[None], captions),
        after_pin=lambda: pins.choose_last(checkpoint),
    )
    detail_panel.actions(checkpoint, chosen, key)


def place(checkpoint: Checkpoint, z: FloatArray) -> str:
    """How far out a latent vector lies, and what is usual."""
    norm = float(np.linalg.norm(z.astype(np.float64)))
    d = checkpoint.model.latent_dim
    known = cache.reach(checkpoint)
    far = float(holes.from_data(z[None], checkpoint.latents, known)[0])
    where = "in a hole" if far > known.limit else "near images"
    return (
        f"‖z‖ = {norm:.2f}; of draws from the prior N(0, I) in {d} dimension{'s' * (d > 1)} the root mean square is "
        f"√{d} = {d**0.5:.2f}. It lies {where}: {far:.2f} from the nearest test image; beyond {known.limit:.2f} is a "
        "hole."
    )


def nearest_training_image(checkpoint: Checkpoint, image: NDArray[np.uint8]) -> None:
    """Is it a copy? The nearest training image by pixels, and what distance is usual."""
    try:
        data = cache.train_images(checkpoint)
    except DatasetMissingError as error:
        st.caption("The nearest training image can't be looked up: " + page.escape(error.message))
        if missing := cache.missing_dataset(checkpoint):
            job_card.download_offer(missing.name, missing.title, missing.download_mb)
        return
    except DatasetError as error:
        st.caption(page.escape(str(error)))
        return
    with st.spinner(f"Comparing with {len(data.images):,} training images…", show_time=True):
        found = copies.nearest(image[None], data.images)
        known = cache.copy_references(checkpoint).near(int(data.labels[found.row[0]]))
    row, distance = int(found.row[0]), float(found.distance[0])
    st.markdown("**Nearest training image**")
    st.image(pictures.enlarged(data.images[row], PICTURE_WIDTH), width=PICTURE_WIDTH, output_format="PNG")
    name = data.class_names[int(data.labels[row])]
    st.caption(
        f"Row {row:,} of the training split, class {page.escape(name)}; Euclidean distance {distance:.2f} over pixels "
        f"in [0, 1], the nearest of {len(data.images):,}. {copies.reading(distance, known)}"
    )
