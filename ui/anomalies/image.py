"""Why one image is anomalous: what the model could not explain, which latents are unusual, and its neighbours."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ui.anomalies import gallery, scoring
from ui.anomalies.scoring import Scored
from ui.components import clicks, picture_sheet
from ui.components.picture_sheet.picture_bytes import SheetLayout
from ui.shared import cache, explore_place, page, pictures
from ui.shared.explore_place import Place
from ui.shared.tables import Cell, TableRow, table
from vae.anomalies import explanation, thresholds
from vae.anomalies.evaluation import comparison_files
from vae.anomalies.methods import registry
from vae.anomalies.normal_images import NormalChoice
from vae.checkpoints.checkpoint import Checkpoint
from vae.neighbours import nearest

WIDTH = 104
DIMENSIONS, NEIGHBOURS = 5, 8
UNUSUAL = 2.0  # deviations
LEAST_HEAT = 0.25  # squared residual of the brightest colour: half the grey scale off; else what is drawn well glows
REGRET = "anomalies_regret"  # in the session: of which image, and what was found


def show(checkpoint: Checkpoint, found: Scored, choice: NormalChoice) -> None:
    """The chosen image."""
    i = gallery.chosen(found)
    decided = found.decisions
    flag = bool(decided.flagged[i])
    st.markdown(f"**{page.escape(found.seen.names[i])}**{_class(found, i)}")
    st.badge("Anomaly" if flag else "Normal", color="orange" if flag else "green")
    _pictures(checkpoint, found, i)
    _places(checkpoint, found, choice, i)
    _latents(checkpoint, found, choice, i)
    _neighbours(checkpoint, found, choice, i)
    _actions(checkpoint, found, choice, i)


def _class(found: Scored, i: int) -> str:
    labels = found.seen.labels
    if labels is None or labels[i] < 0:
        return ""
    return f" · class {page.escape(found.seen.class_names[int(labels[i])])}"


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
        f"Heat: squared residual of each pixel, brightest at {most:.2f}; their sum is {error:.2f}. It shows what is "
        "drawn wrong, whatever the chosen score looks at."
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
    st.caption("Higher than: so many of the held-out normal images score lower.")


def _latents(checkpoint: Checkpoint, found: Scored, choice: NormalChoice, i: int) -> None:
    known = scoring.reference(checkpoint, choice)
    images = found.seen.images
    dims = explanation.explain(images.mu[i], images.sigma[i], known.mu, known.sigma)[:DIMENSIONS]
    said = ", ".join(f"z{d.dim} {d.sigmas:+.1f}".replace("-", "−") for d in dims)
    strange = sum(abs(d.sigmas) > UNUSUAL for d in dims)
    verdict = "none beyond 2" if not strange else f"{strange} of these beyond 2"
    st.caption(f"Most unusual latent dimensions, in standard deviations of the normal images: {said} ({verdict}).")


def _neighbours(checkpoint: Checkpoint, found: Scored, choice: NormalChoice, i: int) -> None:
    known = scoring.reference(checkpoint, choice)
    near = nearest(found.seen.images.mu[i : i + 1], known.mu, NEIGHBOURS)
    images, distances = known.pixels[near.rows[0]], near.distances[0]
    st.markdown("**Nearest normal images**")
    picture_sheet.show(
        images, "anomalies-neighbours", SheetLayout("Nearest normal training images", columns=4, tile=56)
    )
    st.caption(f"Training images whose posterior means are nearest: {distances[0]:.2f} to {distances[-1]:.2f} away.")


def _actions(checkpoint: Checkpoint, found: Scored, choice: NormalChoice, i: int) -> None:
    with st.container(horizontal=True, gap="small"):
        if clicks.button("Explore", "anomalies-explore", icon=":material/explore:", help="Open its latent in Explore"):
            row = None if found.seen.test_rows is None else int(found.seen.test_rows[i])
            z = tuple(float(v) for v in np.clip(found.seen.images.mu[i], -100, 100))
            explore_place.go(checkpoint, Place(row) if row is not None else Place(None, z))
            st.switch_page("app.py")
        asked = clicks.button(
            "Likelihood regret",
            "anomalies-regret",
            icon=":material/hourglass_empty:",
            help="How many nats better the model explains this image when q(z|x) is optimised for it alone. The first "
            f"time it is also computed for {scoring.REGRETTED} normal images, which takes up to a minute; any "
            "other click stops it.",
        )
    which = (checkpoint.identity, choice.key(), found.seen.images.pixels[i].tobytes())
    if asked:
        with page.error_boundary():
            st.session_state[REGRET] = (which, _regret(checkpoint, found, choice, i))
    known, said = st.session_state.get(REGRET, (None, ""))
    if known == which:
        st.caption(said)


def _regret(checkpoint: Checkpoint, found: Scored, choice: NormalChoice, i: int) -> str:
    """What the image's likelihood regret is, and what normal images have."""
    score, model = registry.get("regret"), cache.model(checkpoint)
    value = float(score.score(found.seen.images.take(np.array([i])), {}, model)[0])
    normal = scoring.normal_regret(checkpoint, choice)
    return (
        f"Likelihood regret {value:z.1f} nats; of {len(normal)} held-out normal images the median is "
        f"{np.median(normal):z.1f}, 95 % are below {np.percentile(normal, 95):z.1f}. {page.escape(score.about)}"
    )
