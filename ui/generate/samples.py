"""Samples: images from the prior and from the aggregate posterior, up to 400 at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from ui.components import events, picture_sheet
from ui.components.picture_sheet.picture_bytes import SheetLayout
from ui.generate import code, copies, downloads, layout, picture_detail, quality, state
from ui.generate.downloads import SheetOffer
from ui.generate.pins import pins
from ui.generate.sample_request import SampleRequest
from ui.generate.state import FIELDS
from ui.shared import cache, formatting, page, python_code
from vae.checkpoints.checkpoint import Checkpoint, FloatArray
from vae.data.slides import Captions
from vae.errors import DatasetError
from vae.generation import holes, mixture_files, sampling, variety
from vae.generation.mixture_files import FittedTo

MOST = 400
SOURCES = {"prior": "Prior", "mixture": "Mixture"}
ORDERS = {"drawn": "As drawn", "farthest": "Holes first", "copies": "Copies first"}
ALL = ""  # of the classes
SAMPLE, NONE = "sample", -1
ALIKE_IMAGES = 500  # of the data, whose variety the samples' is compared with
DRAWN = "generate_samples_drawn"  # in the session
SOURCE_HELP = (
    "The prior N(0, I) is what the model was trained to fill; it leaves holes, latents that no image is near, where "
    "the decoder has seen nothing. The mixture of Gaussians is fitted to the posteriors of images: fewer samples fall "
    "into holes, but it only repeats the neighbourhoods it was fitted to."
)
OF_AUTOENCODER = (
    "This is an autoencoder: its latents were not trained to follow the prior N(0, I), so draws from the prior say "
    "little about it, and it begins with the mixture. In a VAE:"
)
OF_TEST = (
    "They stand in for the training images, which no page encodes: `python -m vae encode {name} --split train` does, "
    "and so does measuring sample quality. From then on the mixture is fitted to those."
)
MANY = 100  # samples: shares of fewer are said as counts


@st.fragment
def show(checkpoint: Checkpoint, model_text: str) -> None:
    """Settings, the sheet, and where the chosen sample comes from."""
    state.begin_view()
    with page.error_boundary():
        _show(checkpoint)
    state.write_url(model_text)  # once: which sample it names is only known now
    quality.show(checkpoint)


def _show(checkpoint: Checkpoint) -> None:
    if pins.mine(checkpoint):
        pins.shelf(checkpoint, "Pinned")
    place = layout.parts()
    request = _request(checkpoint, place.bar)
    with layout.field(place.bar, 150):
        order = FIELDS.choice(
            "Order",
            "order",
            list(ORDERS),
            "drawn",
            ORDERS,
            "Holes first: those farthest from every test image in latent space. Copies first: those nearest to a "
            "training image by pixels.",
        )
    z = request.draw(checkpoint)
    images = cache.decoded(checkpoint, z)
    with place.pictures:
        rows = _in_order(checkpoint, order, z, images, request)
        chosen = _clicked(request, images, rows)
        _summary(checkpoint, z, images)  # measured once the pictures are sent
        if order == "copies":
            copies.caption(checkpoint, images, request)
    with place.panel:
        if chosen is None:
            st.caption("Click a picture to see where it comes from and whether it is a copy.")
        else:
            title = f"{request.title(checkpoint)}, sample {chosen}"
            picture_detail.show(checkpoint, z[chosen], images[chosen], title)
    with place.bar:
        stem = f"{checkpoint.name}-samples-seed{request.seed}"
        title = f"{checkpoint.name} · {formatting.count(len(z), 'sample')} · {request.title(checkpoint)}"
        downloads.show(stem, lambda: images[rows], z[rows], SheetOffer(Captions(title)))
    with place.below:
        python_code.show(code.samples(checkpoint, request, order))


def _clicked(request: SampleRequest, images: NDArray[np.uint8], rows: NDArray[np.int64]) -> int | None:
    """The sheet in the order of `rows`; returns which sample was clicked, or linked, last."""
    session, drawn = st.session_state, (state.revision(), replace(request, number=0))  # more keep the first ones
    if session.get(DRAWN, drawn) != drawn and session[DRAWN][0] == drawn[0]:  # a followed link brings its sample along
        state.STATE.forget(SAMPLE)
    session[DRAWN] = drawn
    chosen = state.whole(SAMPLE, NONE, NONE, len(images) - 1)
    click = picture_sheet.show(
        images[rows],
        "samples",
        SheetLayout(
            f"{len(images)} samples",
            selected=None if chosen == NONE else int(np.flatnonzero(rows == chosen)[0]),
            titles=[f"Sample {i}" for i in rows],
        ),
    )
    if click and events.is_new("samples", click["id"]):
        state.put(SAMPLE, str(rows[click["index"]]))
        chosen = state.whole(SAMPLE, NONE, NONE, len(images) - 1)
    return None if chosen == NONE else chosen


def _in_order(
    checkpoint: Checkpoint, order: str, z: FloatArray, images: NDArray[np.uint8], request: SampleRequest
) -> NDArray[np.int64]:
    if order == "farthest":
        return np.argsort(-_distances(checkpoint, z), kind="stable")
    found = copies.nearest_of(checkpoint, images, request) if order == "copies" else None
    return np.arange(len(z)) if found is None else np.argsort(found.distance, kind="stable")


def _summary(checkpoint: Checkpoint, z: FloatArray, images: NDArray[np.uint8]) -> None:
    """How many samples fall where the model saw no data; of samples that are all alike only that they are."""
    try:
        real = np.asarray(cache.test_images(checkpoint).images[:ALIKE_IMAGES])
    except DatasetError:
        real = None
    if variety.alike(images, real):
        st.warning(
            f"These {len(images):,} samples are all alike: the model makes nearly the same picture of every latent "
            "vector. It is untrained or has collapsed, or the temperature is very low.",
            icon=":material/warning:",
        )
        return
    known = cache.reach(checkpoint)
    if not known.is_measured:
        st.markdown(holes.NOT_MEASURED)
        return
    d = checkpoint.model.latent_dim
    where = "" if len(known.dims) == d else f" in the {len(known.dims)} of {d} dimensions that carry something"
    st.markdown(
        where_no_data(int((_distances(checkpoint, z) > known.limit).sum()), len(z)),
        help=f"Farther from the nearest of the {len(checkpoint.latents.mu):,} test images' posterior means{where} than "
        f"95 % of the images' own posterior samples lie from other images ({known.limit:.2f}; measured on "
        f"{known.count:,}). It says little of how a picture looks: of the shipped models' samples that a classifier is "
        "unsure of, the distance finds hardly more than chance (AUROC 0.48 to 0.55, "
        "`python -m benchmarks.generation.holes`).",
    )


def where_no_data(count: int, of: int) -> str:
    """How many of so many samples lie in holes, beside what images do: a share where they are many."""
    if of < MANY:
        return f"**{count} of {of}** samples fall where the model saw no data (of 100 real images, 5)."
    return (
        f"**{100 * count / of:.0f}\u00a0%** of these samples fall where the model saw no data (real images: 5\u00a0%)."
    )


def _distances(checkpoint: Checkpoint, z: FloatArray) -> NDArray[np.float64]:
    return holes.from_data(z, checkpoint.latents, cache.reach(checkpoint))


def _source(checkpoint: Checkpoint) -> str:
    """Where latents are drawn from. Nothing made an autoencoder fill the prior, so it begins with the mixture."""
    if checkpoint.train.objective == "autoencoder":
        return FIELDS.words("Drawn from", "source", SOURCES, "mixture", f"{OF_AUTOENCODER} {SOURCE_HELP}")
    return FIELDS.words("Drawn from", "source", SOURCES, "prior", SOURCE_HELP)


def _request(checkpoint: Checkpoint, bar: DeltaGenerator) -> SampleRequest:
    with layout.field(bar, 180):
        source = _source(checkpoint)
    label, components = None, 10
    if source == "mixture":
        fitted = cache.mixture_images(checkpoint)
        with layout.field(bar, 130):
            label = _class(checkpoint, fitted)
        with layout.field(bar, 110):
            components = _components(checkpoint, fitted, label)
    with layout.field(bar, 110):
        number = FIELDS.whole("Images", "number", 100, 1, MOST)
    with layout.field(bar, 120):
        temperature = FIELDS.real(
            "Temperature",
            "temperature",
            1.0,
            0.05,
            sampling.MAX_TEMPERATURE,
            0.05,
            "Scales the standard deviation of the draws. Below 1: more typical and more alike; above 1: more varied "
            "and more often wrong.",
        )
    with layout.field(bar, 120):
        seed = FIELDS.whole("Seed", "seed", 0, 0, 999_999, "The same seed makes the same images.")
    bar.button("New samples", type="primary", icon=":material/casino:", on_click=_new_seed)
    state.STATE.always("seed", str(seed))
    return SampleRequest(source, label, number, temperature, seed, components)


def _new_seed() -> None:
    state.put("seed", str(np.random.default_rng().integers(1_000_000)))


def _class(checkpoint: Checkpoint, fitted: FittedTo) -> int | None:
    names = checkpoint.dataset.class_names
    if len(names) < 2:
        return None
    there = [str(label) for label in np.unique(fitted.latents.labels)]
    titles = {ALL: "All classes"} | {str(i): name for i, name in enumerate(names)}
    chosen = FIELDS.choice(
        "Class",
        "class",
        [ALL, *there],
        ALL,
        titles,
        "One class's images only; the prior knows no classes. Labels are the data set's; the model never saw them.",
    )
    return int(chosen) if chosen else None


def _components(checkpoint: Checkpoint, fitted: FittedTo, label: int | None) -> int:
    latents = fitted.latents
    images = len(latents.mu) if label is None else int((latents.labels == label).sum())
    most = max(1, min(sampling.most_components(images, checkpoint.model.latent_dim), sampling.MAX_COMPONENTS))
    stand_in = f" {OF_TEST.format(name=checkpoint.name)}" if fitted.split == mixture_files.TEST else ""
    explanation = (
        f"Gaussians in the mixture, each with a full covariance, fitted to the posteriors of {fitted.in_words(label)}; "
        f"{images:,} images are enough for {most}.{stand_in}"
    )
    return FIELDS.whole("Components", "components", min(sampling.COMPONENTS, most), 1, most, page.escape(explanation))
