"""Interpolation: a path through two to six images, scrubbed live, and how far it leads from the data."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from ui.components import clicks, events, picture_sheet, reach, scrubber
from ui.components.picture_sheet.picture_bytes import SheetLayout
from ui.components.scrubber import ScrubData
from ui.decoding import live
from ui.generate import code, downloads, layout, picture_detail, state
from ui.generate.downloads import SheetOffer
from ui.generate.path import distance_svg, figures, path_anchors
from ui.generate.path.path_anchors import AT
from ui.generate.pins import pins
from ui.generate.state import FIELDS
from ui.shared import cache, page, python_code
from ui.shared.figures import STILL
from ui.shared.keeping.offers import Offer
from ui.shared.models import health
from vae.checkpoints.checkpoint import Checkpoint, FloatArray
from vae.data import image_export
from vae.data.slides import Captions
from vae.generation import anchors, examples, holes, interpolation
from vae.generation.anchors import Anchor
from vae.generation.interpolation import MAX_ANCHORS, LatentPath

KINDS = {"lerp": "Straight", "slerp": "Spherical"}


@st.fragment
def show(checkpoint: Checkpoint, model_text: str) -> None:
    """Which images, the scrubber, the strip, the distances."""
    state.begin_view()
    with page.error_boundary():
        found = pins.mine(checkpoint)
        pins.shelf(checkpoint, "Between", _example(checkpoint, found))
        place = layout.parts()
        chosen = _through(checkpoint, pins.mine(checkpoint), place.bar)
        with layout.field(place.bar, 190):
            kind = FIELDS.words(
                "Path",
                "kind",
                KINDS,
                "lerp",
                "Straight (lerp) is the shortest. In many dimensions it passes nearer to the origin than samples lie; "
                "the spherical one (slerp) keeps the distance from the origin.",
            )
        with layout.field(place.bar, 180):
            steps = FIELDS.slider("Steps between images", "pictures", 12, 2, 30)
        if not 2 <= len(chosen) <= MAX_ANCHORS:
            wanted = "Add an image: a path needs two." if len(chosen) < 2 else ""
            wanted = wanted or f"Choose two to {MAX_ANCHORS} of the pinned images."
            place.pictures.info(wanted, icon=":material/info:")
            state.write_url(model_text)
            return
        with place.pictures:
            t = _scrubber(checkpoint, chosen, kind)
        state.write_url(model_text)
        path = interpolation.path(np.stack([anchor.vector for anchor in chosen]), steps, kind)
        images = cache.decoded(checkpoint, path.z)
        known = cache.reach(checkpoint)
        measured = holes.from_data(path.z, checkpoint.latents, known)
        names = [anchor.title for anchor in chosen]
        with place.pictures:
            legs = path.by_leg()  # a row each
            picture_sheet.show(images[legs.ravel()], "interpolation", SheetLayout("The path", columns=legs.shape[1]))
            figure = figures.distance_line(path.t, measured, known.limit, names)
            st.plotly_chart(figure, key="interpolation-distance", config=STILL)
            _said(checkpoint, path, measured)
        with place.panel:
            z = _place(chosen, kind, t)
            image = cache.decoded(checkpoint, z[None])[0]
            picture_detail.show(checkpoint, z, image, f"Between images, t = {t:.2f}", "between")
        with place.bar:
            gif = Offer("gif", "image/gif", "Animation (GIF)", lambda: image_export.gif(images))
            chart = Offer(
                "svg",
                "image/svg+xml",
                "Distance chart (SVG)",
                lambda: distance_svg.draw(path.t, measured, known.limit, names).encode(),
            )
            captions = Captions(f"{checkpoint.name} · {' to '.join(names)}")
            sheet = SheetOffer(captions, legs.shape[1], legs.ravel())
            downloads.show(f"{checkpoint.name}-interpolation", lambda: images, path.z, sheet, gif, chart)
        with place.below:
            python_code.show(code.interpolation(checkpoint, chosen, kind, steps))


def _example(checkpoint: Checkpoint, found: list[Anchor]) -> list[Anchor]:
    """Two test images of different classes; the pinned one and another where one is pinned. A single test image is no
    pair.
    """
    if len(found) > 1:
        return found
    pair = examples.two(checkpoint.latents, found[0].row if found else None)
    start, end = (anchors.parse(f"row:{row}", checkpoint) for row in (pair.start, pair.end))
    first = found[0] if found else start
    return [first] if first.token == end.token else [first, end]


def _through(checkpoint: Checkpoint, found: list[Anchor], bar: DeltaGenerator) -> list[Anchor]:
    """The images that the path leads through: of the pinned ones, or an example."""
    with bar:
        if len(found) > 1:
            with st.container(width=330):
                return path_anchors.choose(found)
        count = len(checkpoint.latents.mu)
        if count > 1 and clicks.button("Two random images", "interpolation-random", icon=":material/casino:"):
            rows = np.random.default_rng().choice(count, 2, replace=False)
            for row in rows:
                pins.pin(checkpoint, anchors.parse(f"row:{row}", checkpoint))
            st.rerun()
    return _example(checkpoint, found)


def _scrubber(checkpoint: Checkpoint, chosen: list[Anchor], kind: str) -> float:
    """The live scrubber; returns where it stands."""
    last = len(chosen) - 1
    t = state.real(AT, 0.0, 0.0, float(last))
    pictures = live.pictures_of(checkpoint, _place(chosen, kind, t).tolist())
    data: ScrubData = {
        "fingerprint": cache.fingerprint(checkpoint),
        "image_shape": list(checkpoint.model.image_shape),
        "class_names": list(checkpoint.dataset.class_names),
        "path": {
            "kind": "slerp" if kind == "slerp" else "lerp",
            "anchors": [list(anchor.z) for anchor in chosen],
        },
        "t": t,
        "ends": ["", ""],  # the ticks say it
        "unit": "",
        "reach": reach.reach_data(cache.reach(checkpoint)),
        "revision": state.revision(),
        "socket": pictures["socket"],
        "decoded": pictures["decoded"],
        "names": [anchor.title for anchor in chosen],
    }
    key = f"scrub-{checkpoint.identity[:8]}"
    stop = scrubber.show(data, key)
    if stop and events.is_new(key, stop["id"]):
        t = float(np.clip(stop["t"], 0, last))
        state.put(AT, f"{t:.4g}")
        t = state.real(AT, 0.0, 0.0, float(last))
    return t


def _said(checkpoint: Checkpoint, path: LatentPath, measured: NDArray[np.float64]) -> None:
    """How much of the path leads through holes; nothing where all latent vectors lie together because none says any."""
    if health.is_of_no_use(checkpoint, health.GENERATE):
        return
    known = cache.reach(checkpoint)
    if not known.is_measured:
        st.markdown(holes.NOT_MEASURED)
        return
    d, k = checkpoint.model.latent_dim, len(known.dims)
    where = f" in the {k} of {d} dimensions that carry something" if k < d else ""
    st.markdown(
        f"**{int((measured > known.limit).sum())} of {len(path.z)}** steps lie where the model saw no data.",
        help=f"Euclidean distance of each step to the nearest of {len(checkpoint.latents.mu):,} test images' posterior "
        f"means{where}. Grey: up to {known.limit:.2f}, within which {holes.SHARE}\u00a0% of images' own posterior "
        "samples lie from other images; beyond it is a hole.",
    )


def _place(chosen: list[Anchor], kind: str, t: float) -> FloatArray:
    """The latent vector (d,) at t."""
    leg = min(int(t), len(chosen) - 2)
    between = interpolation.slerp if kind == "slerp" else interpolation.lerp
    z: FloatArray = between(chosen[leg].vector, chosen[leg + 1].vector, np.array([t - leg]))[0]
    return z
