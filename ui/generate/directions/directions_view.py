"""Directions: what two groups of images differ in, whether that is real, and what it does to any image."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ui.components import events, picture_sheet, reach, scrubber
from ui.components.picture_sheet.picture_bytes import SheetLayout
from ui.components.scrubber import ScrubData
from ui.decoding import live
from ui.generate import code, downloads, layout, picture_detail, state
from ui.generate.directions import arithmetic, group_fields, library
from ui.generate.downloads import SheetOffer
from ui.generate.layout import ViewParts
from ui.generate.pins import pins
from ui.generate.state import FIELDS
from ui.shared import cache, formatting, page, python_code
from ui.shared.keeping import keeping_fields
from ui.shared.keeping.keeping_fields import Keeping
from ui.shared.keeping.offers import Offer
from vae.checkpoints.checkpoint import Checkpoint
from vae.data import image_export
from vae.data.slides import Captions
from vae.errors import GenerationError
from vae.generation import anchors, direction_files, directions, examples, groups
from vae.generation.anchors import Anchor
from vae.generation.directions import Direction

METHODS = {"mean": "Means", "classifier": "Classifier"}
FARTHEST = 2.0  # strengths go from −2 to 2 distances of the groups
START = 1.0  # as far as group A is from group B: there the view opens
PICTURES = 9  # of the strip
LONGEST = 200  # characters of the groups' texts
A, B, STRENGTH, METHOD = "a", "b", "strength", "method"


@dataclass(frozen=True)
class _OfGroups:
    """The direction between the two groups that the fields name, what it would be called, and what to know of them."""

    direction: Direction
    title: str
    note: str


@st.fragment
def show(checkpoint: Checkpoint, model_text: str) -> None:
    """The two groups, the direction applied to an image, and the directions that are kept."""
    state.begin_view()
    with page.error_boundary():
        shelf = st.container()
        place = layout.parts()
        kept = library.chosen(checkpoint, place.bar)
        of_groups = None if kept else _from_groups(checkpoint, place)
        direction = kept or (of_groups.direction if of_groups else None)
        with shelf:
            anchor = pins.shelf(checkpoint, "Apply to", _example(checkpoint, direction))
        if direction is not None:
            with place.pictures:
                t = _applied(checkpoint, direction, anchor, of_groups.note if of_groups else "")
        arithmetic.read(checkpoint)
        state.write_url(model_text)
        if direction is not None:
            with place.panel:
                here = directions.apply(anchor.vector, direction, [t])[0]
                image = cache.decoded(checkpoint, here[None])[0]
                title = f"{formatting.shortened(anchor.title, 24)}, {t:+.2f} steps".replace("-", "−")
                picture_detail.show(checkpoint, here, image, title, "direction")
            with place.bar:
                _take_along(checkpoint, direction, anchor)
        with place.below:
            with st.expander("Keep directions and compare them", icon=":material/bookmark:"):
                if of_groups:
                    _keep(checkpoint, of_groups)
                library.show(checkpoint, direction)
            if direction is not None:
                python_code.show(code.direction(checkpoint, direction, anchor, FARTHEST, PICTURES))
    with page.error_boundary():
        arithmetic.show(checkpoint, model_text)


def _example(checkpoint: Checkpoint, direction: Direction | None) -> list[Anchor]:
    """A typical image of group B, which the direction leads away from; none where this model lacks the group."""
    if direction is None:
        return []
    try:
        rows = groups.pair(direction.group_a, direction.group_b, checkpoint).b.rows
    except GenerationError:
        return []
    return [anchors.parse(f"row:{examples.typical(checkpoint.latents, rows)}", checkpoint)]


def _from_groups(checkpoint: Checkpoint, place: ViewParts) -> _OfGroups | None:
    """The direction between the two groups that the fields name; None, and why, when there is none."""
    if len(checkpoint.latents.mu) < 2 * groups.LEAST:
        said = f"A direction needs two groups of at least {groups.LEAST} test images."
        place.pictures.info(said, icon=":material/info:")
        return None
    first, second = _default(checkpoint)
    with place.bar:
        with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", width="content"):
            a = group_fields.show("Towards group A", A, checkpoint, first, rest=False)
        with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", width="content"):
            b = group_fields.show("From group B", B, checkpoint, second, rest=True)
    with layout.field(place.bar, 220):
        method = FIELDS.words(
            "Method",
            METHOD,
            METHODS,
            "mean",
            "The difference of the groups' mean latents, or the normal of the plane by which a logistic regression "
            "tells them apart. The classifier leaves out what both groups share.",
        )
    with place.pictures:
        for letter, text in (("A", a), ("B", b)):
            if text == group_fields.NO_ROWS:
                st.info(f"Pick the images of group {letter}, at least 2.", icon=":material/touch_app:")
                return None
        try:
            pair = groups.pair(a, b, checkpoint)
            both = cache.directions_of(checkpoint, a, b)
        except GenerationError as error:
            page.show_error(error)
            return None
    shared = f" {pair.shared:,} images that stood in both were left out of both." if pair.shared else ""
    note = f"{len(pair.a.rows):,} and {len(pair.b.rows):,} test images.{shared}"
    if classes := groups.by_class(pair, checkpoint):
        note += f" {classes.sentence()}"
    found = both.mean if method == "mean" else both.classifier
    without = ", without shared" if pair.shared else ""
    return _OfGroups(found, f"{_bracketed(pair.a.title)} − {_bracketed(pair.b.title)}{without}", note)


def _bracketed(title: str) -> str:
    return f"({title})" if groups.JOIN in title else title


def _default(checkpoint: Checkpoint) -> tuple[str, str]:
    labels, counts = np.unique(checkpoint.latents.labels, return_counts=True)
    there = [checkpoint.dataset.class_names[int(label)] for label in labels[counts > 1]]
    if len(there) > 1:
        return f"class:{there[0]}", f"class:{there[1]}"
    return group_fields.default_neighbours(checkpoint), groups.REST


def _keep(checkpoint: Checkpoint, found: _OfGroups) -> None:
    def named(name: str) -> Direction:
        directions.check_name(name)
        return replace(found.direction, name=name)

    keeping = Keeping(
        [kept.name for kept in direction_files.saved(checkpoint)],
        lambda name: direction_files.save(named(name)),
        lambda name: direction_files.replace(named(name)),
        lambda name: library.note_of(checkpoint, name),
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if keeping_fields.show(keeping, found.title[: directions.MAX_NAME], "direction-keep"):
            st.rerun()  # of a whole run too: it can hold the click of a fragment's button


def _applied(checkpoint: Checkpoint, direction: Direction, anchor: Anchor, note: str) -> float:
    """How real it is, the live slider on the image, and a strip; returns where the slider stands."""
    reading = directions.reading(direction)
    icon = ":material/check_circle:" if reading.startswith("Real") else ":material/help:"
    axis = directions.closest_axis(direction)
    how = f"{_length(direction)} Closest latent dimension: z{axis.dim}, {axis.degrees:.0f}° away."
    said = page.escape(reading).replace(" %", "\u00a0%")  # no line begins with the sign
    st.markdown(f"{icon} {said}", help=page.escape(f"{direction.protocol} {how}"))
    if state.text(library.CHOSEN):  # the fields that say it are not there
        note = formatting.shortened(f"Group A is {direction.group_a}, group B is {direction.group_b}.", LONGEST)
    st.caption(page.escape(note))
    t = _slider(checkpoint, direction, anchor)
    strengths = np.linspace(-FARTHEST, FARTHEST, PICTURES)
    z = directions.apply(anchor.vector, direction, strengths)
    picture_sheet.show(
        cache.decoded(checkpoint, z),
        "direction-strip",
        SheetLayout("The direction in steps", columns=PICTURES, column_names=_names(strengths)),
    )
    return t


def _names(strengths: NDArray[np.float64]) -> list[str]:
    return [f"{s:+.1f}".replace("-", "−") for s in strengths]


def _length(direction: Direction) -> str:
    if direction.measured_on:
        return f"Strength 1 is {direction.gap:.2f} in latent units, as measured on the other checkpoint."
    deviations = direction.gap / max(direction.spread, 1e-9)
    return (
        f"From group B to group A it is {direction.gap:.2f} long, {deviations:.1f} standard deviations of the data "
        "along it; that is strength 1."
    )


def _slider(checkpoint: Checkpoint, direction: Direction, anchor: Anchor) -> float:
    t = state.real(STRENGTH, START, -FARTHEST, FARTHEST)
    step = direction.gap * np.array(direction.vector)
    pictures = live.pictures_of(checkpoint, directions.apply(anchor.vector, direction, [t])[0].tolist())
    data: ScrubData = {
        "fingerprint": cache.fingerprint(checkpoint),
        "image_shape": list(checkpoint.model.image_shape),
        "class_names": list(checkpoint.dataset.class_names),
        "path": {
            "kind": "line",
            "base": list(anchor.z),
            "step": step.tolist(),
            "low": -FARTHEST,
            "high": FARTHEST,
        },
        "t": t,
        "ends": ["towards B", "towards A"],
        "unit": "× the groups' distance",
        "reach": reach.reach_data(cache.reach(checkpoint)),
        "revision": state.revision(),
        "socket": pictures["socket"],
        "decoded": pictures["decoded"],
    }
    key = f"direction-{checkpoint.identity[:8]}"
    stop = scrubber.show(data, key)
    if stop and events.is_new(key, stop["id"]):
        t = float(np.clip(stop["t"], -FARTHEST, FARTHEST))
        state.put(STRENGTH, f"{t:.4g}")
        t = state.real(STRENGTH, START, -FARTHEST, FARTHEST)
    return t


def _take_along(checkpoint: Checkpoint, direction: Direction, anchor: Anchor) -> None:
    strengths = np.linspace(-FARTHEST, FARTHEST, PICTURES)
    z = directions.apply(anchor.vector, direction, strengths)
    gif = Offer("gif", "image/gif", "Animation (GIF)", lambda: image_export.gif(cache.decoded(checkpoint, z)))
    captions = Captions(f"{checkpoint.name} · {direction.name} applied to {anchor.title}", columns=_names(strengths))
    sheet = SheetOffer(captions, PICTURES)
    downloads.show(f"{checkpoint.name}-direction", lambda: cache.decoded(checkpoint, z), z, sheet, gif)
