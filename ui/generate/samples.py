"""Samples: images from the prior and from the aggregate posterior, up to 400 at once."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ui.components import events, picture_sheet
from ui.components.picture_sheet.picture_bytes import SheetLayout
from ui.generate import code, copies, downloads, picture_detail, quality, state
from ui.generate.sample_request import SampleRequest
from ui.generate.state import FIELDS
from ui.shared import cache, page
from vae.checkpoints.checkpoint import Checkpoint, FloatArray
from vae.generation import holes, mixture_files, sampling
from vae.generation.mixture_files import FittedTo

MOST = 400
SOURCES = {"prior": "Prior", "mixture": "Mixture"}
ORDERS = {"drawn": "As drawn", "farthest": "Holes first", "copies": "Copies first"}
ALL = ""  # of the classes
SAMPLE, NONE = "sample", -1
DRAWN = "generate_samples_drawn"  # in the session
HOLES = (
    "Drawn from the prior N(0, I). Training pulls the images' posteriors towards it but leaves holes: latents that no "
    "image is near. The decoder has seen nothing there, and such samples often look like no image or like two at once."
)
NO_HOLES = (
    "Drawn from a Gaussian mixture fitted to the posteriors of {images}: where images are. Fewer samples fall into "
    "holes of the prior, but a mixture only repeats the neighbourhoods it was fitted to."
)
OF_TEST = (
    "They stand in for the training images, which no page encodes: `python -m vae encode {name} --split train` does, "
    "and so does measuring sample quality. From then on the mixture is fitted to those."
)


@st.fragment
def show(checkpoint: Checkpoint, model_text: str) -> None:
    """Settings, the sheet, and where the chosen sample comes from."""
    state.begin_view()
    with page.error_boundary():
        _show(checkpoint)
    state.write_url(model_text)  # once: which sample it names is only known now
    quality.show(checkpoint)


def _show(checkpoint: Checkpoint) -> None:
    with st.container(key="workbench"):
        settings, pictures, detail = st.columns([1.1, 2.5, 1.05], gap="medium")
    with settings:
        request = _request(checkpoint)
        order = FIELDS.words(
            "Order",
            "order",
            ORDERS,
            "drawn",
            "Holes first: those farthest from every test image in latent space. Copies first: those nearest to a "
            "training image by pixels.",
        )
    z = request.draw(checkpoint)
    images = cache.decoded(checkpoint, z)
    with pictures:
        rows = _in_order(checkpoint, order, z, images, request)
        chosen = _clicked(request, images, rows)
        st.caption(far_from_data(checkpoint, _distances(checkpoint, z)))  # measured once the pictures are sent
        if order == "copies":
            copies.caption(checkpoint, images, request)
    with detail:
        if chosen is None:
            st.caption("Click a picture: where it comes from, and the training image it is most like.")
        else:
            title = f"{request.title(checkpoint)}, sample {chosen}"
            picture_detail.show(checkpoint, z[chosen], images[chosen], title)
    with settings:
        stem = f"{checkpoint.name}-samples-seed{request.seed}"
        downloads.show(stem, lambda: images[rows], z[rows], None)
    code.show(code.samples(checkpoint, request, order))


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
            columns=math.isqrt(len(images) - 1) + 1,
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


def far_from_data(checkpoint: Checkpoint, distances: NDArray[np.float64]) -> str:
    """How many samples lie in holes, and how that is measured."""
    known = cache.reach(checkpoint)
    share = float((distances > known.limit).mean())
    d = checkpoint.model.latent_dim
    where = "" if len(known.dims) == d else f" in the {len(known.dims)} of {d} dimensions that carry something"
    return (
        f"**{100 * share:.0f}\u00a0% of these samples lie in holes**: farther from the nearest of the "
        f"{len(checkpoint.latents.mu):,} test images' posterior means{where} than 95 % of the images' own posterior "
        f"samples lie from other images ({known.limit:.2f}; measured on {known.count:,}). Of samples like the data it "
        "would be 5\u00a0%. It says little of how a picture looks: of the shipped models' samples that a classifier "
        "is unsure of, the distance finds hardly more than chance (AUROC 0.48 to 0.55, "
        "`python -m benchmarks.generation.holes`)."
    )


def _distances(checkpoint: Checkpoint, z: FloatArray) -> NDArray[np.float64]:
    return holes.from_data(z, checkpoint.latents, cache.reach(checkpoint))


def _request(checkpoint: Checkpoint) -> SampleRequest:
    source = FIELDS.words("Where latents come from", "source", SOURCES, "prior")
    label, components = None, 10
    if source == "prior":
        st.caption(HOLES)
    else:
        fitted = cache.mixture_images(checkpoint)
        told = st.empty()
        label = _class(checkpoint, fitted)
        components = _components(checkpoint, fitted, label)
        explanation = page.escape(OF_TEST.format(name=checkpoint.name)) if fitted.split == mixture_files.TEST else None
        told.caption(NO_HOLES.format(images=fitted.in_words(label)), help=explanation)
    number = FIELDS.whole("Number of images", "number", 100, 1, MOST)
    temperature = FIELDS.real(
        "Temperature",
        "temperature",
        1.0,
        0.05,
        sampling.MAX_TEMPERATURE,
        0.05,
        "Scales the standard deviation of the draws. Below 1: more typical and more alike; above 1: more varied and "
        "more often wrong.",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seed = FIELDS.whole("Seed", "seed", 0, 0, 999_999, "The same seed makes the same images.")
        st.button("New samples", type="primary", icon=":material/casino:", on_click=_new_seed)
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
    explanation = f"Gaussians in the mixture, each with a full covariance; {images:,} images are enough for {most}."
    return FIELDS.whole("Components", "components", min(sampling.COMPONENTS, most), 1, most, explanation)
