"""The scored images, the most anomalous first, with what the model could not explain shown as heat."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ui.anomalies.scoring import Scored
from ui.anomalies.state import FIELDS, STATE
from ui.components import events, picture_sheet
from ui.components.picture_sheet.picture_bytes import SheetLayout
from ui.shared import cache
from vae.anomalies import explanation
from vae.checkpoints.checkpoint import Checkpoint

ORDERS = {"worst": "Worst first", "threshold": "Borderline", "normal": "Most normal"}
MOST = 60
HEAT_PERCENTILE = 99.5  # of the squared residuals shown: the brightest colour


def show(checkpoint: Checkpoint, found: Scored) -> None:
    """The gallery; a click chooses an image."""
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    with left:
        order = FIELDS.words("Order", "order", ORDERS, "worst", "Borderline: nearest the threshold first.")
    with right:
        heat = FIELDS.switch("Heat", "heat", "Squared residual of each pixel over the grey image.")
    rows = in_order(found, order)[:MOST]
    pixels = found.seen.images.pixels[rows]
    pictures = with_heat(checkpoint, found, rows) if heat else pixels
    click = picture_sheet.show(
        pictures,
        "anomalies-gallery",
        SheetLayout(
            ORDERS[order], selected=_place(rows, chosen(found)), tile=64, titles=[_title(found, int(i)) for i in rows]
        ),
    )
    if click and events.is_new("anomalies-gallery", click["id"]):
        STATE.put("image", str(int(rows[click["index"]])))
        st.rerun()  # of a whole run too: it can hold a fragment's event
    flagged = int(found.decisions.flagged[rows].sum())
    st.caption(
        f"{len(rows):,} of {len(found.scores):,} images, {flagged:,} of them flagged. Click one to see why; the mouse "
        "shows names and scores."
    )


def _title(found: Scored, i: int) -> str:
    flag = "flagged" if found.decisions.flagged[i] else "not flagged"
    return f"{found.seen.names[i]} · {found.scores[i]:.4g}, {flag}"


def in_order(found: Scored, order: str) -> NDArray[np.int64]:
    """Images by score, or by distance to the threshold."""
    scores = found.scores.astype(np.float64)
    keys = {"worst": -scores, "normal": scores, "threshold": np.abs(scores - found.detector.threshold)}
    return np.argsort(keys[order], kind="stable")


def chosen(found: Scored) -> int:
    """The image to explain: the one clicked or linked, else the worst."""
    worst = int(in_order(found, "worst")[0])
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
