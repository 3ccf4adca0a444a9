"""Interpolation: a path through two to six pinned images, scrubbed live, and how far it leads from the data."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ui.components import clicks, events, picture_sheet, scrubber
from ui.components.model_store import browser_model
from ui.components.picture_sheet.picture_bytes import SheetLayout
from ui.components.scrubber import ScrubData
from ui.generate import code, downloads, figures, path_anchors, picture_detail, state
from ui.generate.downloads import Offer
from ui.generate.path_anchors import AT
from ui.generate.pins import pins
from ui.generate.state import FIELDS
from ui.shared import cache, page, pictures
from vae.checkpoints.checkpoint import Checkpoint
from vae.data import image_export
from vae.generation import anchors, holes, interpolation
from vae.generation.anchors import Anchor
from vae.generation.interpolation import MAX_ANCHORS, LatentPath

KINDS = {"lerp": "Straight", "slerp": "Spherical"}


@st.fragment
def show(checkpoint: Checkpoint, model_text: str) -> None:
    """Which images, the scrubber, the strip, the distances."""
    state.begin_view()
    with page.error_boundary():
        found = pins.mine(checkpoint)
        if len(found) < 2:
            state.write_url(model_text)
            _too_few(checkpoint)
            return
        with st.container(key="workbench"):
            settings, middle, detail = st.columns([1.1, 2.5, 1.05], gap="medium")
        with settings:
            chosen = path_anchors.choose(found)
            kind = FIELDS.words(
                "Way",
                "kind",
                KINDS,
                "lerp",
                "Straight (lerp) is the shortest way. In many dimensions it passes nearer to the origin than "
                "samples lie; the spherical one (slerp) keeps the distance from the origin.",
            )
            steps = FIELDS.slider("Pictures a leg", "pictures", 12, 2, 30)
        if not 2 <= len(chosen) <= MAX_ANCHORS:
            with middle:
                st.info(f"Choose two to {MAX_ANCHORS} of the pinned images.", icon=":material/info:")
            state.write_url(model_text)
            return
        with middle:
            t = _scrubber(checkpoint, chosen, kind)
        state.write_url(model_text)
        path = interpolation.path(np.stack([anchor.vector for anchor in chosen]), steps, kind)
        images = cache.decoded(checkpoint, path.z)
        with middle:
            legs = path.by_leg()  # a row each
            picture_sheet.show(images[legs.ravel()], "interpolation", SheetLayout("The way", columns=legs.shape[1]))
            _distances(checkpoint, path, chosen)
        with detail:
            _detail(checkpoint, chosen, kind, t)
        with settings:
            gif = Offer("gif", "image/gif", "Animation (GIF)", lambda: image_export.gif(images))
            stem = f"{checkpoint.name}-interpolation"
            downloads.show(stem, lambda: images, path.z, legs.shape[1], gif, order=legs.ravel())
        code.show(code.interpolation(checkpoint, chosen, kind, steps))


def _too_few(checkpoint: Checkpoint) -> None:
    st.info("Pin two to six images, in the sidebar or from the samples, to walk between them.", icon=":material/keep:")
    if clicks.button("Take two random test images", "interpolation-random", type="primary", icon=":material/casino:"):
        rows = np.random.default_rng().choice(len(checkpoint.latents.mu), 2, replace=False)
        for row in rows:
            pins.pin(checkpoint, anchors.parse(f"row:{row}", checkpoint))
        st.rerun()


def _scrubber(checkpoint: Checkpoint, chosen: list[Anchor], kind: str) -> float:
    """The live scrubber; returns where it stands."""
    last = len(chosen) - 1
    if not browser_model.can_decode(checkpoint):
        return FIELDS.real_slider("Place on the way", AT, 0.0, 0.0, float(last), 0.05)
    t = state.real(AT, 0.0, 0.0, float(last))
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
        "reach": scrubber.reach_data(cache.reach(checkpoint)),
        "revision": state.revision(),
        "names": [anchor.title for anchor in chosen],
    }
    key = f"scrub-{checkpoint.identity[:8]}"
    stop = scrubber.show(data, key)
    if stop and events.is_new(key, stop["id"]):
        t = float(np.clip(stop["t"], 0, last))
        state.put(AT, f"{t:.4g}")
        t = state.real(AT, 0.0, 0.0, float(last))
    return t


def _distances(checkpoint: Checkpoint, path: LatentPath, chosen: list[Anchor]) -> None:
    known = cache.reach(checkpoint)
    measured = holes.from_data(path.z, checkpoint.latents, known)
    figure = figures.distance_line(path.t, measured, known.limit, [anchor.title for anchor in chosen])
    st.plotly_chart(figure, key="interpolation-distance", config={"displayModeBar": False})
    d, k = checkpoint.model.latent_dim, len(known.dims)
    where = f" in the {k} of {d} dimensions that carry something" if k < d else ""
    st.caption(
        f"Euclidean distance of each step to the nearest of {len(checkpoint.latents.mu):,} test images' posterior "
        f"means{where}. Grey: up to {known.limit:.2f}, within which {holes.SHARE}\u00a0% of images' own posterior "
        "samples lie from other images; beyond it is a hole."
    )


def _detail(checkpoint: Checkpoint, chosen: list[Anchor], kind: str, t: float) -> None:
    leg = min(int(t), len(chosen) - 2)
    between = interpolation.slerp if kind == "slerp" else interpolation.lerp
    z = between(chosen[leg].vector, chosen[leg + 1].vector, np.array([t - leg]))[0]
    image = cache.decoded(checkpoint, z[None])[0]
    if not browser_model.can_decode(checkpoint):  # else the scrubber shows it
        st.image(pictures.enlarged(image), output_format="PNG")
    st.markdown(f"**At t = {t:.2f}**")
    st.caption(picture_detail.place(checkpoint, z))
    picture_detail.actions(checkpoint, z, image, f"between images, t = {t:.2f}", "between")
    picture_detail.nearest_training_image(checkpoint, image)
