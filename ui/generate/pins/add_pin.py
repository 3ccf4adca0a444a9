"""Ways to pin an image: a test image, the mean of a class, a draw from the prior, a picture of one's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from ui.components import clicks
from ui.generate.pins import image_picker
from ui.generate.pins.image_picker import Picking
from ui.shared import cache, page, pictures
from ui.shared.detail import pinned
from ui.shared.images import image_report
from vae.checkpoints.checkpoint import Checkpoint
from vae.data import image_decoding
from vae.data.folders import image_names
from vae.data.image_decoding import Decoded
from vae.data.report.source_tally import SourceTally
from vae.errors import VAEError
from vae.generation import anchors
from vae.generation.anchors import Anchor

WAYS = {"row": "Test image", "class": "Class mean", "sample": "Sample", "own": "Own image"}
MOST_SAMPLES = 999_999
ADDING = "generate_adding_pins"  # in the session: whether the dialog is open
NAME_LETTERS = 20  # of an own image's file


@dataclass(frozen=True)
class PinActions:
    """What can be done with the pinned images: `pin` keeps one and may raise GenerationError, `unpin` drops a token.

    `rows` are the test images among them, as far as the model has them.
    """

    pin: Callable[[Checkpoint, Anchor], None]
    unpin: Callable[[Checkpoint, str], None]
    rows: Callable[[Checkpoint], list[int]]


def dialog(checkpoint: Checkpoint, actions: PinActions) -> None:
    """The dialog, while it is open."""
    if st.session_state.get(ADDING):
        st.dialog("Add an image", width="large", on_dismiss=_close)(_show)(checkpoint, actions)


def _close() -> None:
    st.session_state[ADDING] = False


def _show(checkpoint: Checkpoint, actions: PinActions) -> None:
    """One way at a time."""
    ways = WAYS if len(checkpoint.dataset.class_names) > 1 else {k: v for k, v in WAYS.items() if k != "class"}
    way = st.segmented_control(
        "What to pin",
        list(ways),
        format_func=lambda w: WAYS[w],
        required=True,
        default="row",
        key="pins-way",
        label_visibility="collapsed",
    )
    {"row": _row, "class": _class, "sample": _sample, "own": _own}[str(way)](checkpoint, actions)


def _row(checkpoint: Checkpoint, actions: PinActions) -> None:
    keep, count = _keeper(checkpoint, actions), len(checkpoint.latents.mu)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        row = st.number_input(f"Row, 0 to {count - 1:,}", 0, count - 1, step=1, key="pins-row", width=160)
        if clicks.button("Pin this one", "pins-row-pin"):
            _pin(checkpoint, f"row:{row}", actions)
        if clicks.button("Pin a random one", "pins-row-random", icon=":material/casino:"):
            _pin(checkpoint, f"row:{_another(count)}", actions)
    image_picker.show(
        checkpoint, Picking("pins-pick", "Test images to pin", lambda: actions.rows(checkpoint), keep, _close)
    )


def _keeper(checkpoint: Checkpoint, actions: PinActions) -> Callable[[list[int]], None]:
    """Pins just these test images; other pins stay."""

    def keep(rows: list[int]) -> None:
        before = actions.rows(checkpoint)
        for row in set(before) - set(rows):
            actions.unpin(checkpoint, f"row:{row}")
        for row in rows:
            if row not in before:
                actions.pin(checkpoint, anchors.parse(f"row:{row}", checkpoint))

    return keep


def _another(count: int) -> int:
    """A random row that is not pinned yet, while there is one."""
    there = {token for token in pinned.tokens() if token.startswith("row:")}
    rows = np.random.default_rng().permutation(count)[: len(there) + 1]
    return next((int(row) for row in rows if f"row:{row}" not in there), int(rows[0]))


def _class(checkpoint: Checkpoint, actions: PinActions) -> None:
    there = sorted({int(label) for label in np.unique(checkpoint.latents.labels)})
    names = [checkpoint.dataset.class_names[label] for label in there]
    name = st.selectbox(
        "Class",
        names,
        key="pins-class",
        help="The mean of the class's posterior means: its typical image, often smoother than any real one.",
    )
    if clicks.button("Pin it", "pins-class-pin"):
        _pin(checkpoint, f"class:{name}", actions)


def _sample(checkpoint: Checkpoint, actions: PinActions) -> None:
    seed = st.number_input("Seed of a draw from the prior N(0, I)", 0, MOST_SAMPLES, step=1, key="pins-sample")
    if clicks.button("Pin it", "pins-sample-pin"):
        _pin(checkpoint, f"sample:{seed}:0", actions)


def _own(checkpoint: Checkpoint, actions: PinActions) -> None:
    _, height, width = checkpoint.model.image_shape
    file = st.file_uploader(
        f"{image_names.KINDS}; its middle is cut out and resized to {width}×{height}",
        type=image_names.UPLOADS,
        key="pins-own",
        max_upload_size=image_decoding.MAX_CONTENT_BYTES // 2**20,
    )
    invert = st.toggle(
        "Invert", key="pins-invert", help="For dark ink on light paper where the model learned light on dark."
    )
    if file is None:
        return
    try:
        found = image_decoding.own_picture(file.getvalue(), checkpoint.model.image_shape, checkpoint.dataset.reading)
    except VAEError as error:
        page.show_error(error)
        return
    pixels = 255 - found.pixels if invert else found.pixels
    _tell(checkpoint, found)
    mu = cache.encoded(checkpoint, pixels[None])[0]
    seen, decoded = st.columns(2)
    for place, image, caption in (
        (seen, pixels, "What the model sees"),
        (decoded, cache.decoded(checkpoint, mu[None])[0], "Its reconstruction"),
    ):
        place.image(pictures.enlarged(image), caption=caption, width=110, output_format="PNG")
    if clicks.button("Pin it", "pins-own-pin"):
        _keep(checkpoint, anchors.of_vector(mu, f"own image {file.name[:NAME_LETTERS]}"), actions)


def _tell(checkpoint: Checkpoint, found: Decoded) -> None:
    """What the picture lost on its way, as an import tells it."""
    tally = SourceTally(image_decoding.format_of(checkpoint.model.image_shape), checkpoint.dataset.reading)
    tally.add(found.pixels[None], [found.facts])
    image_report.show(tally.report(), "pins-own-report")


def _pin(checkpoint: Checkpoint, token: str, actions: PinActions) -> None:
    try:
        anchor = anchors.parse(token, checkpoint)
    except VAEError as error:
        page.show_error(error)
        return
    _keep(checkpoint, anchor, actions)


def _keep(checkpoint: Checkpoint, anchor: Anchor, actions: PinActions) -> None:
    try:
        actions.pin(checkpoint, anchor)
    except VAEError as error:
        page.show_error(error)
        return
    _close()
    st.rerun()
