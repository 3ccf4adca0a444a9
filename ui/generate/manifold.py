"""Manifold: a plane of latent space as a sheet of decoded images that can be zoomed and dragged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui.components import manifold, picture_sheet
from ui.components.manifold import ManifoldData
from ui.components.model_store import browser_model
from ui.components.model_store.live_data import SocketData
from ui.components.picture_sheet.picture_bytes import SheetLayout
from ui.decoding import live
from ui.generate import code, downloads, layout, picture_detail, plane_state, state
from ui.generate.downloads import SheetOffer
from ui.generate.pins import pins
from ui.generate.plane_state import Layout
from ui.generate.state import FIELDS
from ui.palette import CLASS_COLOURS
from ui.shared import cache, page, python_code
from vae.checkpoints import dimension_name_files, metrics
from vae.checkpoints.checkpoint import Checkpoint
from vae.data.slides import Captions
from vae.generation import anchors
from vae.generation.anchors import Anchor
from vae.generation.planes import Plane

AXES = {"latent": "Latent", "principal": "Principal"}
SCALES = {"quantile": "Quantiles", "even": "Even"}
OF_CODES = (
    "Even steps keep distances true. This is an autoencoder, whose codes follow no prior that quantiles could be of: "
    "the plane reaches as far as the test images' codes."
)
TILES, FEWEST, MOST = 20, 10, 40
UNREACHABLE = "generate_no_socket"  # in the session: the page could not ask the server


@st.fragment
def show(checkpoint: Checkpoint, model_text: str) -> None:
    """Settings, the plane, and the place that was clicked."""
    state.begin_view()
    with page.error_boundary():
        if checkpoint.model.latent_dim < 2:
            st.info("One latent dimension has no plane. Traversals shows it in full.", icon=":material/info:")
        else:
            _show(checkpoint)
    state.write_url(model_text)  # once: what it says of the plane is only known now


def _show(checkpoint: Checkpoint) -> None:
    anchor = pins.shelf(checkpoint, "Plane through" if checkpoint.model.latent_dim > 2 else "Ring at")
    place = layout.parts()
    plan, points = _settings(checkpoint, place.bar)
    plane = plan.plane(checkpoint, anchor.vector)
    plan = plane_state.reaching(plan, plane, anchor)
    plane_state.forget_what_changed(checkpoint, plan, plane, anchor)
    with place.pictures:
        socket = None if browser_model.can_decode(checkpoint) else _socket(checkpoint)
        is_live = socket is not None or browser_model.can_decode(checkpoint)
        if is_live:
            _live(checkpoint, plane, anchor, plan, points, socket)
        else:
            _still(checkpoint, plane, plan)
    plan = replace(plan, window=plane_state.window(plan))
    z = plan.sheet(plane)
    with place.panel:
        _detail(checkpoint, plane, is_live)
    with place.bar:
        captions = Captions(f"{checkpoint.name} · {plane.names[0]} across, {plane.names[1]} up")
        sheet = SheetOffer(captions, plan.tiles)
        downloads.show(f"{checkpoint.name}-manifold", lambda: cache.decoded(checkpoint, z), z, sheet)
    with place.below:
        python_code.show(code.manifold(checkpoint, anchor, plan))


def _settings(checkpoint: Checkpoint, bar: DeltaGenerator) -> tuple[Layout, bool]:
    """The layout, and whether the test images are drawn on it."""
    d = checkpoint.model.latent_dim
    axes, i, j = "latent", 0, 1
    if d > 2:
        with layout.field(bar, 190):
            axes = FIELDS.words(
                "Axes",
                "axes",
                AXES,
                "latent",
                "Latent dimensions change one number each; principal axes are where posterior means vary most.",
            )
        i, j = _two_axes(checkpoint, axes, bar)
    of_codes = axes == "latent" and not metrics.has_kl(checkpoint)
    with layout.field(bar, 200):
        if of_codes:
            scale = FIELDS.words("Spacing", "scale", {"even": SCALES["even"]}, "even", OF_CODES)
        else:
            scale = FIELDS.words(
                "Spacing",
                "scale",
                SCALES,
                "quantile",
                "Quantiles give every picture the same probability under a normal distribution: the prior N(0, 1), or "
                "along principal axes one with the data's mean and spread. Even steps keep distances true.",
            )
    reach = plane_state.reach_of_codes(checkpoint, i, j) if of_codes else plane_state.EVEN
    with layout.field(bar, 150):
        tiles = FIELDS.slider("Pictures across", "tiles", TILES, FEWEST, MOST)
    if d > 2:
        return Layout(axes, i, j, scale, tiles, reach), False
    with bar:
        points = FIELDS.switch(
            "Test images", "points", "Each dot is one test image's posterior mean. Between them are the holes."
        )
    return Layout(axes, i, j, scale, tiles, reach), points


def _two_axes(checkpoint: Checkpoint, axes: str, bar: DeltaGenerator) -> tuple[int, int]:
    d = checkpoint.model.latent_dim
    if axes == "latent":
        kl, order = checkpoint.latents.kl_per_dim(), metrics.most_telling_first(checkpoint)
        names, has_kl = dimension_name_files.read(checkpoint), metrics.has_kl(checkpoint)
        titles = {str(j): f"{names.label(j)} · {kl[j]:.2f} nats" if has_kl else names.label(j) for j in order}
    else:
        order = list(range(min(d, 20)))
        titles = {str(j): f"PC {j + 1}" for j in order}
    options = [str(j) for j in order]
    with layout.field(bar, 152):
        across = FIELDS.choice("Across", "first", options, options[0], titles)
    rest = [option for option in options if option != across]
    with layout.field(bar, 152):
        upwards = FIELDS.choice("Upwards", "second", rest, rest[0], titles)
    return int(across), int(upwards)


def _socket(checkpoint: Checkpoint) -> SocketData | None:
    """By which the server decodes the plane; None where it can't be asked."""
    return None if st.session_state.get(UNREACHABLE) else live.socket_of(checkpoint)


def _live(
    checkpoint: Checkpoint, plane: Plane, anchor: Anchor, plan: Layout, points: bool, socket: SocketData | None
) -> None:
    """The plane decoded in the browser, or by the server at the other end of `socket`."""
    a, b = plane_state.place() or plane.place(anchor.vector)
    data: ManifoldData = {
        "fingerprint": cache.fingerprint(checkpoint),
        "image_shape": list(checkpoint.model.image_shape),
        "plane": {"base": plane.base.tolist(), "u": plane.u.tolist(), "v": plane.v.tolist()},
        "names": list(plane.names),
        "scale": "quantile" if plan.scale == "quantile" else "even",
        "measured": "data" if plan.axes == "principal" else "prior",
        "tiles": plan.tiles,
        "home": [-plan.reach, plan.reach] * 2,
        "window": list(plane_state.window(plan)),
        "here": [float(a), float(b)],
        "show_points": points,
        "colours": list(CLASS_COLOURS),
        "class_names": list(checkpoint.dataset.class_names),
        "revision": state.revision(),
        "socket": socket,
    }
    reported = manifold.show(data, key=f"manifold-{checkpoint.identity[:8]}")
    plane_state.take(reported)
    if reported.unreachable and socket:
        st.session_state[UNREACHABLE] = True
        st.rerun()


def _still(checkpoint: Checkpoint, plane: Plane, plan: Layout) -> None:
    """The same as a picture, where the page can neither decode nor ask the server while one moves."""
    st.caption(
        "This decoder runs in Python, and the server can't be asked while you move (a WebSocket at /decode), so this "
        "plane stands still."
    )
    z = plan.sheet(plane)
    click = picture_sheet.show(
        cache.decoded(checkpoint, z), "manifold-still", SheetLayout("Manifold", columns=plan.tiles)
    )
    if click:
        a, b = plane.place(z[click["index"]])
        plane_state.put_place(float(a), float(b), click["id"])


def _detail(checkpoint: Checkpoint, plane: Plane, is_live: bool) -> None:
    place = plane_state.place()
    if place is None:
        moving = "Drag to move, scroll to zoom. " if is_live else ""
        st.caption(moving + "Click a picture to pin it, explore from it or download it.")
        return
    z = np.clip(plane.at(*place), -anchors.MAX_VALUE, anchors.MAX_VALUE)
    picture_detail.show(checkpoint, z, cache.decoded(checkpoint, z[None])[0], "Place on the manifold")
