"""Manifold: a plane of latent space as a sheet of decoded images that can be zoomed and dragged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ui import (
    cache,
    figures,
    generate_code,
    generate_downloads,
    generate_state,
    manifold,
    sample_detail,
    shelf,
    shell,
)
from ui import sheet as picture_sheet
from ui.generate_state import FIELDS
from ui.live import payload
from ui.manifold import ManifoldData
from vae.generation import anchors, planes, traversals
from vae.generation.anchors import Anchor
from vae.generation.planes import Plane
from vae.records import Checkpoint, FloatArray

AXES = {"latent": "Latent", "principal": "Principal"}
SCALES = {"quantile": "Quantiles", "even": "Even steps"}
EVEN = 3.0  # how far even steps go to each side
TILES, FEWEST, MOST = 20, 10, 40
Place = FloatArray | None  # the latent that was clicked, (d,)


@dataclass(frozen=True)
class Layout:
    """Which plane, and how it is laid out: axes i and j of a kind, the scale, pictures across."""

    axes: str
    i: int
    j: int
    scale: str
    tiles: int
    reach: float = EVEN

    def steps(self) -> NDArray[np.float64]:
        """a and b of the sheet that the first view shows, (tiles,)."""
        if self.scale == "quantile":
            return planes.quantiles(self.tiles)
        return (np.arange(self.tiles) + 0.5) / self.tiles * 2 * self.reach - self.reach

    def plane(self, checkpoint: Checkpoint, z: FloatArray) -> Plane:
        """The plane through z (d,). Raises GenerationError where there is none."""
        if self.axes == "latent":
            return planes.latent_plane(z, self.i, self.j)
        return planes.principal_plane(z, checkpoint.latents.mu, self.i, self.j)


@st.fragment
def show(checkpoint: Checkpoint, model_text: str) -> None:
    """Settings, the plane, and the place that was clicked."""
    generate_state.begin_view()
    with shell.error_boundary():
        if checkpoint.model.latent_dim < 2:
            st.info("One latent dimension has no plane. Traversals shows all of it.", icon=":material/info:")
            generate_state.write_url(model_text)
            return
        with st.container(key="workbench"):
            settings, middle = st.columns([1.1, 3.6], gap="medium")
        anchor = shelf.chosen(checkpoint)
        with settings:
            layout, points = _settings(checkpoint, anchor)
        generate_state.write_url(model_text)
        plane = layout.plane(checkpoint, anchor.vector)
        z = planes.sheet(plane, layout.steps(), layout.steps()).reshape(-1, checkpoint.model.latent_dim)
        with middle:
            if payload.browser_can_decode(checkpoint):
                visited = _live(checkpoint, plane, anchor, layout, points)
            else:
                visited = _still(checkpoint, z, layout)
        with settings:
            generate_downloads.show("manifold", lambda: cache.decoded(checkpoint, z), z, layout.tiles)
            generate_code.show(generate_code.manifold(checkpoint, anchor, layout))
            _detail(checkpoint, visited)


def _settings(checkpoint: Checkpoint, anchor: Anchor) -> tuple[Layout, bool]:
    """The layout, and whether the test images are drawn on it."""
    d = checkpoint.model.latent_dim
    axes, i, j = "latent", 0, 1
    if d > 2:
        st.caption(f"{shell.escape(shelf.start(checkpoint))} The plane goes through it.")
        axes = FIELDS.words(
            "Axes",
            "axes",
            AXES,
            "latent",
            "Latent dimensions change one number each; principal axes are where posterior means vary most.",
        )
        i, j = _two_axes(checkpoint, axes)
    scale = FIELDS.words(
        "Spacing",
        "scale",
        SCALES,
        "quantile",
        "Quantiles give every picture the same probability under a normal distribution: the prior N(0, 1), or along "
        "principal axes one with the data's mean and spread. Even steps keep distances true.",
    )
    tiles = FIELDS.slider("Pictures across", "tiles", TILES, FEWEST, MOST)
    points = d == 2 and FIELDS.switch(
        "Show the test images", "points", "Each dot is one test image's posterior mean. Between them are the holes."
    )
    return Layout(axes, i, j, scale, tiles), points


def _two_axes(checkpoint: Checkpoint, axes: str) -> tuple[int, int]:
    d = checkpoint.model.latent_dim
    if axes == "latent":
        kl, order = checkpoint.latents.kl_per_dim(), traversals.by_kl(checkpoint.latents)
        titles = {str(j): f"z{j} · {kl[j]:.2f} nats" for j in order}
    else:
        order = list(range(min(d, 20)))
        titles = {str(j): f"PC {j + 1}" for j in order}
    options = [str(j) for j in order]
    across = FIELDS.choice("Across", "first", options, options[0], titles)
    rest = [option for option in options if option != across]
    upwards = FIELDS.choice("Upwards", "second", rest, rest[0], titles)
    return int(across), int(upwards)


def _live(checkpoint: Checkpoint, plane: Plane, anchor: Anchor, layout: Layout, points: bool) -> Place:
    """The plane decoded in the browser."""
    a, b = plane.place(anchor.vector)
    data: ManifoldData = {
        "fingerprint": cache.fingerprint(checkpoint),
        "image_shape": list(checkpoint.model.image_shape),
        "plane": {"base": plane.base.tolist(), "u": plane.u.tolist(), "v": plane.v.tolist()},
        "names": list(plane.names),
        "scale": "quantile" if layout.scale == "quantile" else "even",
        "measured": "data" if layout.axes == "principal" else "prior",
        "tiles": layout.tiles,
        "home": [-layout.reach, layout.reach] * 2,
        "here": [float(a), float(b)],
        "show_points": points,
        "colours": list(figures.CLASS_COLOURS),
        "class_names": list(checkpoint.dataset.class_names),
        "revision": generate_state.revision(),
    }
    visit = manifold.show(data, key=f"manifold-{checkpoint.identity[:8]}")
    return np.array(visit["z"], np.float32) if visit else None


def _still(checkpoint: Checkpoint, z: FloatArray, layout: Layout) -> Place:
    """The same as a picture, for decoders that the browser can't evaluate."""
    st.caption("This decoder runs in Python only, so the plane can't be zoomed.")
    images = cache.decoded(checkpoint, z)
    click = picture_sheet.show(images, key="manifold-still", label="Manifold", columns=layout.tiles)
    return z[click["index"]] if click and click["index"] < len(z) else None


def _detail(checkpoint: Checkpoint, visited: Place) -> None:
    if visited is None:
        moving = "Drag to move, scroll to zoom. " if payload.browser_can_decode(checkpoint) else ""
        st.caption(moving + "Click a picture to pin it or to open it in Explore.")
        return
    z = np.clip(visited, -anchors.MAX_VALUE, anchors.MAX_VALUE)
    sample_detail.show(checkpoint, z, cache.decoded(checkpoint, z[None])[0], "Place on the manifold")
