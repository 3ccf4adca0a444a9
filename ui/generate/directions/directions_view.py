"""Directions: what two groups of images differ in, whether that is real, and what it does to any image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from ui.components import events, picture_sheet, scrubber
from ui.components.model_store import browser_model
from ui.components.picture_sheet.picture_bytes import SheetLayout
from ui.components.scrubber import ScrubData
from ui.generate import code, downloads, picture_detail, state
from ui.generate.directions import arithmetic, group_fields, library
from ui.generate.downloads import Offer
from ui.generate.pins import pins
from ui.generate.state import FIELDS
from ui.shared import cache, keeping_fields, page, pictures
from ui.shared.keeping_fields import Keeping
from vae.checkpoints.checkpoint import Checkpoint
from vae.data import image_export
from vae.errors import GenerationError
from vae.generation import direction_files, directions, groups
from vae.generation.anchors import Anchor
from vae.generation.directions import Direction

METHODS = {"mean": "Mean difference", "classifier": "Classifier"}
FARTHEST = 2.0  # strengths go from −2 to 2 distances of the groups
PICTURES = 9  # of the strip
LONGEST = 200  # characters of the groups' texts
A, B, STRENGTH, METHOD = "a", "b", "strength", "method"


@st.fragment
def show(checkpoint: Checkpoint, model_text: str) -> None:
    """The two groups, the direction applied to the pinned image, and the directions that are kept."""
    state.begin_view()
    with page.error_boundary():
        with st.container(key="workbench"):
            settings, middle, right = st.columns([1.2, 2.1, 1.2], gap="medium")
        with right:
            kept = library.chosen(checkpoint)
        with settings:
            direction = kept or _from_groups(checkpoint)
        anchor = pins.chosen(checkpoint)
        if direction is not None:
            with middle:
                _applied(checkpoint, direction, anchor)
        arithmetic.read(checkpoint)
        state.write_url(model_text)
        if direction is not None:
            with settings:
                _take_along(checkpoint, direction, anchor)
        with right:
            library.show(checkpoint, direction)
        if direction is not None:
            code.show(code.direction(checkpoint, direction, anchor, FARTHEST, PICTURES))
    with page.error_boundary():
        arithmetic.show(checkpoint, model_text)


def _from_groups(checkpoint: Checkpoint) -> Direction | None:
    """The direction between the two groups that the fields name; None, and why, when there is none."""
    first, second = _default(checkpoint)
    a = group_fields.show("Group A, where the direction leads", A, checkpoint, first, rest=False)
    b = group_fields.show("Group B, where it comes from", B, checkpoint, second, rest=True)
    method = FIELDS.words(
        "Method",
        METHOD,
        METHODS,
        "mean",
        "The difference of the groups' mean latents, or the normal of the plane by which a logistic regression tells "
        "them apart. The classifier leaves out what both groups share.",
    )
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
    st.caption(f"{len(pair.a.rows):,} and {len(pair.b.rows):,} test images.{shared}")
    if classes := groups.by_class(pair, checkpoint):
        st.caption(page.escape(classes.sentence()))
    found = both.mean if method == "mean" else both.classifier
    without = ", without shared" if pair.shared else ""
    _keep(checkpoint, found, f"{_bracketed(pair.a.title)} − {_bracketed(pair.b.title)}{without}")
    return found


def _bracketed(title: str) -> str:
    return f"({title})" if groups.JOIN in title else title


def _default(checkpoint: Checkpoint) -> tuple[str, str]:
    labels, counts = np.unique(checkpoint.latents.labels, return_counts=True)
    there = [checkpoint.dataset.class_names[int(label)] for label in labels[counts > 1]]
    if len(there) > 1:
        return f"class:{there[0]}", f"class:{there[1]}"
    return group_fields.default_neighbours(checkpoint), groups.REST


def _keep(checkpoint: Checkpoint, found: Direction, title: str) -> None:
    def named(name: str) -> Direction:
        directions.check_name(name)
        return replace(found, name=name)

    keeping = Keeping(
        [kept.name for kept in direction_files.saved(checkpoint)],
        lambda name: direction_files.save(named(name)),
        lambda name: direction_files.replace(named(name)),
        lambda name: library.note_of(checkpoint, name),
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if keeping_fields.show(keeping, title[: directions.MAX_NAME], "direction-keep"):
            st.rerun()  # of a whole run too: it can hold the click of a fragment's button


def _applied(checkpoint: Checkpoint, direction: Direction, anchor: Anchor) -> None:
    """How real it is, the live slider on the pinned image, and a strip."""
    reading = directions.reading(direction)
    icon = ":material/check_circle:" if reading.startswith("Real") else ":material/help:"
    st.markdown(f"{icon} {page.escape(reading)}", help=page.escape(direction.protocol))
    axis = directions.closest_axis(direction)
    if state.text(library.CHOSEN):  # the fields that say it are not there
        groups_of = f"Group A is {direction.group_a}, group B is {direction.group_b}."
        st.caption(page.escape(groups_of if len(groups_of) < LONGEST else f"{groups_of[:LONGEST]}…"))
    st.caption(
        f"{_length(direction)} Closest latent dimension: z{axis.dim}, {axis.degrees:.0f}° away. "
        f"{page.escape(pins.start(checkpoint))}"
    )
    t = _slider(checkpoint, direction, anchor)
    strengths = np.linspace(-FARTHEST, FARTHEST, PICTURES)
    z = directions.apply(anchor.vector, direction, strengths)
    picture_sheet.show(
        cache.decoded(checkpoint, z),
        "direction-strip",
        SheetLayout(
            "The direction in steps", columns=PICTURES, column_names=[f"{s:+.1f}".replace("-", "−") for s in strengths]
        ),
    )
    here = directions.apply(anchor.vector, direction, [t])[0]
    image = cache.decoded(checkpoint, here[None])[0]
    picture_detail.actions(checkpoint, here, image, f"{anchor.title[:18]} {t:+.2f} steps", "direction")


def _length(direction: Direction) -> str:
    if direction.measured_on:
        return f"Strength 1 is {direction.gap:.2f} in latent units, as measured on the other checkpoint."
    deviations = direction.gap / max(direction.spread, 1e-9)
    return (
        f"From group B to group A it is {direction.gap:.2f} long, {deviations:.1f} standard deviations of the data "
        "along it; that is strength 1."
    )


def _slider(checkpoint: Checkpoint, direction: Direction, anchor: Anchor) -> float:
    if not browser_model.can_decode(checkpoint):
        return _still(checkpoint, direction, anchor)
    t = state.real(STRENGTH, 0.0, -FARTHEST, FARTHEST)
    step = direction.gap * np.array(direction.vector)
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
        "reach": scrubber.reach_data(cache.reach(checkpoint)),
        "revision": state.revision(),
    }
    key = f"direction-{checkpoint.identity[:8]}"
    stop = scrubber.show(data, key)
    if stop and events.is_new(key, stop["id"]):
        t = float(np.clip(stop["t"], -FARTHEST, FARTHEST))
        state.put(STRENGTH, f"{t:.4g}")
        t = state.real(STRENGTH, 0.0, -FARTHEST, FARTHEST)
    return t


def _still(checkpoint: Checkpoint, direction: Direction, anchor: Anchor) -> float:
    """The slider for decoders that the browser can't evaluate."""
    label = "Strength, × the groups' distance"
    t = FIELDS.real_slider(label, STRENGTH, 0.0, -FARTHEST, FARTHEST, 0.05)
    image = cache.decoded(checkpoint, directions.apply(anchor.vector, direction, [t]))[0]
    st.image(pictures.enlarged(image), output_format="PNG")
    return t


def _take_along(checkpoint: Checkpoint, direction: Direction, anchor: Anchor) -> None:
    strengths = np.linspace(-FARTHEST, FARTHEST, PICTURES)
    z = directions.apply(anchor.vector, direction, strengths)
    gif = Offer("gif", "image/gif", "Animation (GIF)", lambda: image_export.gif(cache.decoded(checkpoint, z)))
    downloads.show(f"{checkpoint.name}-direction", lambda: cache.decoded(checkpoint, z), z, PICTURES, gif)
