"""One generated image in the detail panel: where it is in latent space, and the training image it is most like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ui.generate.pins import pins
from ui.shared import cache, job_card, page, pictures
from ui.shared.detail import detail_panel
from ui.shared.detail.detail_panel import Chosen
from ui.shared.models import health
from vae.checkpoints.checkpoint import Checkpoint, FloatArray
from vae.data import slides
from vae.data.slides import Captions
from vae.errors import DatasetError, DatasetMissingError
from vae.generation import holes
from vae.sample_quality import copies
from vae.sample_quality.copies import Likeness, Standing

WIDTH = 112  # CSS pixels: two fit beside each other
IN_A_HOLE = "Its latent vector lies where the model saw no data"
VERDICTS = {  # by pixels: where its latent vector lies in a hole, and where it doesn't
    Likeness.COPY: ("May be a copy of a training image.",) * 2,
    Likeness.CLOSE: ("Very near to a training image: compare the two.",) * 2,
    Likeness.USUAL: (f"{IN_A_HOLE}, yet its pixels are like the data's.", "Like the data; no sign of a copy."),
    Likeness.UNLIKE: (
        f"{IN_A_HOLE}, and its pixels are unlike the data's.",
        "Its latent vector lies among the data's, but its pixels are unlike the data's.",
    ),
}


@dataclass(frozen=True, eq=False)
class _Training:
    """The training image nearest to a picture by pixels."""

    row: int
    class_name: str
    pixels: NDArray[np.uint8]
    distance: float
    of: int
    standing: Standing


def show(checkpoint: Checkpoint, z: FloatArray, image: NDArray[np.uint8], title: str, key: str = "sample") -> None:
    """The image beside its nearest training image; what can be done with it; what both say of it."""
    st.markdown(f"**{page.escape(title)}**")
    places = st.container(horizontal=True, gap="small")
    places.image(pictures.enlarged(image, WIDTH), caption="Generated", width=WIDTH, output_format="PNG")
    actions(checkpoint, z, image, title, key)
    said = st.container()
    latent(checkpoint, z)
    near = _nearest_training_image(checkpoint, image)
    if near is None:
        return
    places.image(pictures.enlarged(near.pixels, WIDTH), caption="Training image", width=WIDTH, output_format="PNG")
    if not health.is_of_no_use(checkpoint, health.GENERATE):  # its one grey picture is near to all images, and no image
        said.markdown(VERDICTS[near.standing.likeness][0 if in_a_hole(checkpoint, z) else 1])
    of_class = f", class {page.escape(near.class_name)}" if len(checkpoint.dataset.class_names) > 1 else ""
    st.markdown(
        f"**Pixels:** {near.distance:.2f} from training image {near.row:,}{of_class}",
        help=page.escape(
            f"Row {near.row:,} of the training split; Euclidean distance {near.distance:.2f} over pixels in [0, 1], "
            f"the nearest of {near.of:,}. {near.standing.sentence}"
        ),
    )


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


def latent(checkpoint: Checkpoint, z: FloatArray) -> None:
    """How far a latent vector is from the data, and how far out it lies."""
    known = cache.reach(checkpoint)
    far = float(holes.from_data(z[None], checkpoint.latents, known)[0])
    hole = f"; beyond {known.limit:.2f} is a hole, where the model saw no data" if known.is_measured else ""
    norm, d = float(np.linalg.norm(z.astype(np.float64))), checkpoint.model.latent_dim
    st.markdown(
        f"**Latent:** {far:.2f} from the nearest test image",
        help=f"Euclidean distance to the nearest test image's posterior mean{hole}. ‖z‖ = {norm:.2f}; of draws from "
        f"the prior N(0, I) in {d} dimension{'s' * (d > 1)} the root mean square is √{d} = {d**0.5:.2f}.",
    )


def in_a_hole(checkpoint: Checkpoint, z: FloatArray) -> bool:
    """Whether a latent vector lies where the model saw no data."""
    known = cache.reach(checkpoint)
    return bool(holes.from_data(z[None], checkpoint.latents, known)[0] > known.limit)


def _nearest_training_image(checkpoint: Checkpoint, image: NDArray[np.uint8]) -> _Training | None:
    """Is it a copy? None, and why, where the training images are not on this machine."""
    try:
        data = cache.train_images(checkpoint)
    except DatasetMissingError as error:
        st.caption(
            "The training images are not on this machine: whether this is a copy can't be said.",
            help=page.escape(error.message),
        )
        if missing := cache.missing_dataset(checkpoint):
            job_card.download_offer(missing.name, missing.title, missing.download_mb)
        return None
    except DatasetError as error:
        st.caption(
            "The images on this machine are not those of the model: whether this is a copy can't be said.",
            help=page.escape(str(error)),
        )
        return None
    with st.spinner(f"Comparing with {len(data.images):,} training images…", show_time=True):
        found = copies.nearest(image[None], data.images)
        row, distance = int(found.row[0]), float(found.distance[0])
        standing = copies.standing(distance, cache.copy_references(checkpoint).near(int(data.labels[row])))
    name = data.class_names[int(data.labels[row])]
    return _Training(row, name, np.asarray(data.images[row]), distance, len(data.images), standing)
