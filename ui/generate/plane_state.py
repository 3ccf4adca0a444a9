"""Which part of which plane the Manifold view shows, and where it was clicked: in the session and in the URL."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
import streamlit as st

from ui.components import events, manifold
from ui.components.manifold import PlaneEvents
from ui.generate import state
from vae.checkpoints.checkpoint import Checkpoint, FloatArray
from vae.generation import planes
from vae.generation.anchors import Anchor
from vae.generation.planes import Plane

EVEN = 3.0  # how far even steps go to each side
FARTHEST = 100.0  # latent units; scale.js stops there
WINDOW, PLACE = "window", "place"  # settings: the part that is shown, and where the plane was clicked
SHOWN = "generate_plane_shown"  # in the session
NEAR = 1e-3  # latent units: a place in a link is rounded
Window = tuple[float, float, float]  # left, top and side of what is shown, in shares of the view at home


@dataclass(frozen=True)
class Range:
    """What a side of the sheet shows: the ends of a or b as shares of N(0, 1), or as they are."""

    low: float
    high: float


@dataclass(frozen=True)
class Layout:
    """Which plane, by axes i and j of a kind, and how it is laid out: the scale, pictures across, the part shown."""

    axes: str
    i: int
    j: int
    scale: str
    tiles: int
    reach: float = EVEN
    window: Window = (0.0, 0.0, 1.0)

    def ranges(self) -> tuple[Range, Range]:
        """Of a, to the right, and of b, upwards."""
        left, top, side = self.window
        shares = Range(left, left + side), Range(1 - top - side, 1 - top)
        if self.scale == "quantile":  # which ends at 0 and 1, where rounding must not lead beyond
            a, b = (Range(max(0.0, r.low), min(1.0, r.high)) for r in shares)
            return a, b
        a, b = (Range(self.reach * (2 * r.low - 1), self.reach * (2 * r.high - 1)) for r in shares)
        return a, b

    def sheet(self, plane: Plane) -> FloatArray:
        """The latents of the sheet that is shown, (tiles², d)."""
        steps = planes.quantiles if self.scale == "quantile" else planes.even_steps
        a, b = (steps(self.tiles, side.low, side.high) for side in self.ranges())
        return planes.sheet(plane, a, b).reshape(-1, plane.latent_dim)

    def plane(self, checkpoint: Checkpoint, z: FloatArray) -> Plane:
        """The plane through z (d,). Raises GenerationError where there is none."""
        if self.axes == "latent":
            return planes.latent_plane(z, self.i, self.j)
        return planes.principal_plane(z, checkpoint.latents.mu, self.i, self.j)


@dataclass(frozen=True, eq=False)
class _Shown:
    """What a run of the page showed: which plane of which model, and the pinned image that the ring starts from."""

    revision: int
    identity: str
    layout: Layout
    plane: Plane
    token: str

    def same_plane(self, other: _Shown) -> bool:
        """Planes through images that differ by rounding are the same."""
        axes = [(shown.identity, shown.layout.axes, shown.layout.i, shown.layout.j) for shown in (self, other)]
        return axes[0] == axes[1] and np.allclose(self.plane.base, other.plane.base, atol=NEAR)


def reach_of_codes(checkpoint: Checkpoint, i: int, j: int) -> float:
    """How far to each side of 0 the test images' codes lie along dimensions i and j: latent units, rounded up."""
    farthest = float(np.abs(checkpoint.latents.mu[:, [i, j]]).max())
    return min(FARTHEST, max(0.1, math.ceil(10 * farthest) / 10))


def reaching(layout: Layout, plane: Plane, anchor: Anchor) -> Layout:
    """The layout that at first shows as much as has the image in view that the ring starts from."""
    farthest = 1.1 * max(abs(float(side)) for side in plane.place(anchor.vector))
    if layout.scale == "quantile" or farthest <= layout.reach:
        return layout
    side = min(farthest, FARTHEST) / layout.reach
    return replace(layout, window=((1 - side) / 2, (1 - side) / 2, side))


def forget_what_changed(checkpoint: Checkpoint, layout: Layout, plane: Plane, anchor: Anchor) -> None:
    """What is shown of one plane says nothing about another, nor does a click there.

    A followed link brings both. Where the ring starts from another pinned image, the click is old, unless it is the
    clicked place that was pinned; and a part that does not show the image is left.
    """
    now = _Shown(state.revision(), checkpoint.identity, layout, plane, anchor.token)
    was = st.session_state.get(SHOWN)
    st.session_state[SHOWN] = now
    if was is None or was.revision != now.revision:
        return
    clicked = place()
    pinned = clicked is not None and np.allclose(plane.place(anchor.vector), clicked, atol=NEAR)
    elsewhere = was.token != now.token and not pinned
    out_of_view = elsewhere and not _is_in_view(replace(layout, window=window(layout)), plane, anchor)
    if not was.same_plane(now) or was.layout.scale != layout.scale or out_of_view:
        state.STATE.forget(WINDOW)
    if not was.same_plane(now) or elsewhere:
        state.STATE.forget(PLACE)


def _is_in_view(layout: Layout, plane: Plane, anchor: Anchor) -> bool:
    """Whether the part that a layout shows holds an anchor's place."""
    sides = [float(side) for side in plane.place(anchor.vector)]
    if layout.scale == "quantile":
        sides = [NormalDist().cdf(side) for side in sides]
    return all(shown.low <= side <= shown.high for shown, side in zip(layout.ranges(), sides, strict=True))


def window(layout: Layout) -> Window:
    """The part that was zoomed or linked to, moved inside what there is."""
    half = FARTHEST / layout.reach / 2
    low, high = (0.0, 1.0) if layout.scale == "quantile" else (0.5 - half, 0.5 + half)
    found = state.STATE.reals(WINDOW, 3, -manifold.WIDEST, manifold.WIDEST)
    if found is None:
        return layout.window
    left, top, side = found
    side = min(max(side, manifold.NARROWEST), high - low)
    return min(max(left, low), high - side), min(max(top, low), high - side), side


def place() -> tuple[float, ...] | None:
    """a and b of where the plane was clicked or linked to."""
    return state.STATE.reals(PLACE, 2, -FARTHEST, FARTHEST)


def put_place(a: float, b: float, event_id: str) -> None:
    """Keep where the plane was clicked, once for every click."""
    if events.is_new("manifold-place", event_id):
        state.put(PLACE, f"{a:.6g},{b:.6g}")


def take(reported: PlaneEvents) -> None:
    """Keep what the person did with the plane."""
    if visit := reported.visit:
        put_place(visit["a"], visit["b"], visit["id"])
    if (moved := reported.moved) and events.is_new("manifold-window", moved["id"]):
        state.put(WINDOW, ",".join(f"{number:.9g}" for number in moved["window"] or ()))
