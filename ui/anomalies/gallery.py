"""The scored images to review: by score, with a line where the threshold cuts, and what a person says of each."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ui.anomalies import marks
from ui.anomalies.scoring import Scored
from ui.anomalies.state import FIELDS, STATE
from ui.components import events, review
from ui.components.review.tiles import Review, Tile
from ui.shared import cache
from ui.shared.formatting import count
from vae.anomalies import explanation
from vae.anomalies.csv_report import CONFIRMED, REJECTED
from vae.checkpoints.checkpoint import Checkpoint

ORDERS = {"worst": "Highest first", "threshold": "At the threshold", "normal": "Lowest first"}
MOST = 60
HEAT_PERCENTILE = 99.5  # of the squared residuals shown: the brightest colour
KEY = "anomalies-gallery"
# on a phone the switch goes below, so that the words stay beside each other
STYLE = "<style>.st-key-anomalies-order { flex: 1 1 21rem; }</style>"
SEEN, REVISION = "anomalies_marks_seen", "anomalies_marks_revision"  # in the session: the marks that tiles show


def show(checkpoint: Checkpoint, found: Scored) -> None:
    """The gallery; a click chooses an image, keys mark it."""
    st.html(STYLE)
    with st.container(horizontal=True, vertical_alignment="center"):
        order = FIELDS.words("Order", "order", ORDERS, "worst", label_visibility="collapsed")
        heat = FIELDS.switch("Heat", "heat", "The squared residual of each pixel, over the image in grey.")
    rows = _page(in_order(found, order), "" if order == "threshold" else STATE.text("page"))
    pictures = with_heat(checkpoint, found, rows) if heat else found.seen.images.pixels[rows]
    said = marks.of(len(found.scores))
    tiles = [
        Tile(found.seen.names[i], f"{found.scores[i]:.4g}", bool(found.decisions.flagged[i]), said.get(int(i), ""))
        for i in rows
    ]
    line = f"Threshold {found.detector.threshold:.4g}"
    heard = review.show(pictures, tiles, KEY, Review(ORDERS[order], line, _place(rows, chosen(found)), _revision(said)))
    if heard.marking and events.is_new(f"{KEY}-marks", heard.marking["id"]):
        shown = [int(i) for i in rows]
        new = {place: mark for place, mark in zip(shown, heard.marking["marks"], strict=True) if mark}
        marks.replace(len(found.scores), shown, new)
        st.session_state[SEEN] = marks.of(len(found.scores))
        st.rerun()  # of a whole run too: it can hold a fragment's event
    if heard.choice and events.is_new(KEY, heard.choice["id"]):
        STATE.put("image", str(int(rows[heard.choice["index"]])))
        st.rerun()
    words = [f"{list(said.values()).count(word):,} {word}" for word in (CONFIRMED, REJECTED) if word in said.values()]
    st.caption(" · ".join([f"{len(rows):,} of {count(len(found.scores), 'image')}", *words]))


def _page(order: NDArray[np.int64], written: str) -> NDArray[np.int64]:
    """As many images as are shown at once, with the buttons that turn the page."""
    if len(order) <= MOST:
        return order
    last = (len(order) - 1) // MOST
    number = STATE.whole("page", 0, 0, last) if written else 0
    with st.container(horizontal=True, vertical_alignment="center"):
        for label, to, key in (("Previous", number - 1, "previous"), ("Next", number + 1, "next")):
            st.button(
                label,
                key=f"anomalies-{key}",
                disabled=not 0 <= to <= last,
                on_click=STATE.put,
                args=("page", str(to)),
            )
        first = number * MOST
        st.markdown(f"{first + 1:,} to {min(first + MOST, len(order)):,}", width="content")
    return order[first : first + MOST]


def _revision(said: dict[int, str]) -> int:
    """Changes when something else than the tiles, such as a link or the panel beside them, has marked an image."""
    kept = st.session_state
    if kept.get(SEEN) != said:
        kept[SEEN] = said
        kept[REVISION] = kept.get(REVISION, 0) + 1
    revision: int = kept[REVISION]
    return revision


def in_order(found: Scored, order: str) -> NDArray[np.int64]:
    """Images by score; of those at the threshold as many as are shown at once, half of them on each side."""
    scores = found.scores.astype(np.float64)
    falling = np.argsort(-scores, kind="stable")
    if order == "threshold":
        flagged = int(found.decisions.flagged.sum())
        first = max(0, min(flagged - MOST // 2, len(scores) - MOST))
        return falling[first : first + MOST]
    return falling if order == "worst" else np.argsort(scores, kind="stable")


def chosen(found: Scored) -> int:
    """The image to explain: the one clicked or linked, else the worst."""
    worst = int(np.argmax(found.scores))
    if not STATE.text("image"):
        return worst
    return STATE.whole("image", worst, 0, len(found.scores) - 1)


def with_heat(checkpoint: Checkpoint, found: Scored, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The images with their squared residuals over them, (n, 3, H, W), all on one scale."""
    originals = found.seen.images.pixels[rows]
    decoded = cache.decoded(checkpoint, found.seen.images.mu[rows])
    heats = [explanation.heat(x, y) for x, y in zip(originals, decoded, strict=True)]
    most = max(float(np.percentile(np.stack(heats), HEAT_PERCENTILE)), 1e-6)
    shown = [explanation.overlay(x, heat, most) for x, heat in zip(originals, heats, strict=True)]
    return np.stack(shown).transpose(0, 3, 1, 2)


def _place(rows: NDArray[np.int64], image: int) -> int | None:
    found = np.flatnonzero(rows == image)
    return int(found[0]) if len(found) else None
