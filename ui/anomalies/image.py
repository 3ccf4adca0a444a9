"""Why one image is anomalous: what the model could not explain, which latents are unusual, and its neighbours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from ui.anomalies import gallery, marks, scoring
from ui.anomalies.scoring import Scored
from ui.components import clicks, picture_sheet
from ui.components.picture_sheet.picture_bytes import SheetLayout
from ui.shared import cache, page, pictures
from ui.shared.detail import detail_panel
from ui.shared.detail.detail_panel import Chosen
from ui.shared.formatting import count
from ui.shared.tables import Cell, TableRow, table
from vae.anomalies import explanation, thresholds
from vae.anomalies.csv_report import CONFIRMED, REJECTED
from vae.anomalies.evaluation import comparison_files
from vae.anomalies.explanation import Unusual
from vae.anomalies.methods import registry
from vae.anomalies.normal_images import NormalChoice
from vae.checkpoints.checkpoint import Checkpoint
from vae.data import slides
from vae.data.slides import Captions
from vae.neighbours import nearest

WIDTH = 104
DIMENSIONS, NEIGHBOURS = 5, 8
UNUSUAL = 2.0  # deviations
LEAST_HEAT = 0.25  # squared residual of the brightest colour: half the grey scale off; else what is drawn well glows
ANSWERS = ((CONFIRMED, "Anomaly", "check"), (REJECTED, "No anomaly", "close"))
REGRET = "anomalies_regret"  # in the session: of which image, and what was found


def show(checkpoint: Checkpoint, found: Scored, choice: NormalChoice) -> None:
    """The chosen image."""
    i = gallery.chosen(found)
    flag = bool(found.decisions.flagged[i])
    st.markdown(f"**{page.escape(found.seen.names[i])}**{_class(checkpoint, found, i)}")
    st.badge("Flagged" if flag else "Not flagged", color="orange" if flag else "green")
    _pictures(checkpoint, found, i)
    _review(found, i)
    detail_panel.actions(checkpoint, _chosen(checkpoint, found, i), "anomalies-image")
    _places(checkpoint, found, choice, i)
    _latents(checkpoint, found, choice, i)
    _neighbours(checkpoint, found, choice, i)
    _ask_for_regret(checkpoint, found, choice, i)


def _review(found: Scored, i: int) -> None:
    """The two answers; the one that was given, pressed again, is taken back."""
    said = marks.of(len(found.scores))
    with st.container(horizontal=True, gap="xsmall"):
        for word, label, icon in ANSWERS:
            given = said.get(i) == word
            after = {place: mark for place, mark in said.items() if place != i} | ({} if given else {i: word})
            st.button(
                label,
                key=f"anomalies-{word}",
                icon=f":material/{icon}:",
                type="primary" if given else "secondary",
                on_click=marks.put,
                args=(after,),
            )


def _chosen(checkpoint: Checkpoint, found: Scored, i: int) -> Chosen:
    """The image for the actions that every panel has."""
    seen, name = found.seen, found.seen.names[i]
    said = f"{registry.get(found.detector.score).title} {found.scores[i]:.4g}"

    def picture() -> bytes:
        original = seen.images.pixels[i]
        decoded = cache.decoded(checkpoint, seen.images.mu[i][None])[0]
        columns = ("Original", "Decoded")
        return slides.png(np.stack([original, decoded]), Captions(f"{name} · {said}", columns=columns), 2)

    row = None if seen.test_rows is None else int(seen.test_rows[i])
    return Chosen(seen.images.mu[i], name, f"{checkpoint.name}-image.png", picture, row)


def _class(checkpoint: Checkpoint, found: Scored, i: int) -> str:
    labels = found.seen.labels
    names = found.seen.class_names
    only = len(names) < 2 and names == checkpoint.dataset.class_names  # which says nothing
    if labels is None or labels[i] < 0 or only:
        return ""
    return f" · class {page.escape(names[int(labels[i])])}"


def _pictures(checkpoint: Checkpoint, found: Scored, i: int) -> None:
    original = found.seen.images.pixels[i]
    decoded = cache.decoded(checkpoint, found.seen.images.mu[i][None])[0]
    heat = explanation.heat(original, decoded)
    most = max(float(heat.max()), LEAST_HEAT)
    hot = explanation.overlay(original, heat, most).transpose(2, 0, 1)
    for column, image, caption in zip(
        st.columns(3), (original, decoded, hot), ("Original", "Decoded", "Heat"), strict=True
    ):
        column.image(pictures.enlarged(image, WIDTH), caption=caption, width="stretch", output_format="PNG")
    error = float(found.seen.images.squared_error[i])
    st.caption(
        f"Squared error {error:.2f}",
        help=f"Heat is the squared residual of each pixel, brightest at {most:.2f}. It shows what is drawn wrong, "
        "whatever the chosen score looks at.",
    )


def _places(checkpoint: Checkpoint, found: Scored, choice: NormalChoice, i: int) -> None:
    """Where the image stands among held-out normal ones, by every score that is known."""
    decided = found.decisions
    rows = [(found.detector.score, float(found.scores[i]), int(decided.higher_than[i]), decided.held_out)]
    test_rows = found.seen.test_rows
    known = None if test_rows is None else comparison_files.saved(checkpoint, choice)
    if known is not None and test_rows is not None:
        row = int(test_rows[i])
        for name, scores in known.scores.items():
            if name != found.detector.score and row < len(scores):
                usual = known.held_out[name]
                above = int(thresholds.higher_than(scores[row : row + 1], usual)[0])
                rows.append((name, float(scores[row]), above, len(usual)))
    headers = (
        Cell("Score"),
        Cell("Higher than", "So many of the held-out normal images score lower."),
        Cell("Value"),
    )
    shown = [
        TableRow(
            (Cell(registry.get(name).title), Cell(f"{above:,} of {of:,}"), Cell(f"{value:.4g}")),
            name == found.detector.score,
        )
        for name, value, above, of in rows
    ]
    st.html(table(headers, shown))


def _latents(checkpoint: Checkpoint, found: Scored, choice: NormalChoice, i: int) -> None:
    known = scoring.reference(checkpoint, choice)
    images = found.seen.images
    dims = explanation.explain(images.mu[i], images.sigma[i], known.mu, known.sigma)
    strange = [d for d in dims if abs(d.sigmas) > UNUSUAL]
    st.caption(
        f"{count(len(strange), 'unusual latent dimension')}: {_deviations(strange)}"
        if strange
        else "No unusual latent dimension",
        help=f"Beyond {UNUSUAL:g} standard deviations of the normal images. The farthest ones: {_deviations(dims)}.",
    )


def _deviations(dims: Sequence[Unusual]) -> str:
    """`z3 −6.1, z7 −2.4`: the first few."""
    said = ", ".join(f"z{d.dim} {d.sigmas:+z.1f}" for d in dims[:DIMENSIONS])
    return said.replace("-", "−") + (", …" if len(dims) > DIMENSIONS else "")


def _neighbours(checkpoint: Checkpoint, found: Scored, choice: NormalChoice, i: int) -> None:
    known = scoring.reference(checkpoint, choice)
    near = nearest(found.seen.images.mu[i : i + 1], known.mu, NEIGHBOURS)
    images, distances = known.pixels[near.rows[0]], near.distances[0]
    st.markdown(
        "**Nearest normal images**",
        help=f"Training images whose posterior means are nearest: {distances[0]:.2f} to {distances[-1]:.2f} away.",
    )
    picture_sheet.show(
        images, "anomalies-neighbours", SheetLayout("Nearest normal training images", columns=4, tile=56)
    )


def _ask_for_regret(checkpoint: Checkpoint, found: Scored, choice: NormalChoice, i: int) -> None:
    asked = clicks.button(
        "Likelihood regret",
        "anomalies-regret",
        icon=":material/hourglass_empty:",
        help="How many nats better the model explains this image when q(z|x) is optimised for it alone. The first time "
        f"it is also computed for {scoring.REGRETTED} normal images, which takes up to a minute; any other click "
        "stops it.",
    )
    which = (checkpoint.identity, choice.key(), found.seen.images.pixels[i].tobytes())
    if asked:
        with page.error_boundary():
            st.session_state[REGRET] = (which, _regret(checkpoint, found, choice, i))
    known, said = st.session_state.get(REGRET, (None, ""))
    if known == which:
        st.caption(said, help=page.escape(registry.get("regret").about))


def _regret(checkpoint: Checkpoint, found: Scored, choice: NormalChoice, i: int) -> str:
    """What the image's likelihood regret is, and what normal images have."""
    score, model = registry.get("regret"), cache.model(checkpoint)
    value = float(score.score(found.seen.images.take(np.array([i])), {}, model)[0])
    normal = scoring.normal_regret(checkpoint, choice)
    above = int(thresholds.higher_than([value], normal)[0])
    return f"Likelihood regret {value:z.1f} nats, higher than {above} of {len(normal)} held-out normal images"
