"""How good the scores are, where labels say what is an outlier: curves of one, and all side by side."""

from __future__ import annotations

import math
import shlex

import streamlit as st

from ui.anomalies import figures, settings
from ui.anomalies.scoring import Judgeable, Scored
from ui.anomalies.state import STATE
from ui.shared import job_card, page
from ui.shared.figures import STILL
from ui.shared.job_card import Command
from ui.shared.progress_cache import remembered
from ui.shared.tables import Cell, TableRow, table
from vae.anomalies.evaluation import comparison_files, metrics
from vae.anomalies.evaluation.comparison import Comparison, why_not
from vae.anomalies.evaluation.metrics import Interval
from vae.anomalies.methods import registry
from vae.anomalies.normal_images import NormalChoice
from vae.budget import needs
from vae.checkpoints.checkpoint import Checkpoint
from vae.jobs.command_line import option_words

ON_MNIST = (
    " With models that were each trained on one MNIST digit it reached AUROC 0.9835 (mean of ten digits and three "
    "seeds), with the digits 0 to 6 normal 0.884, where LOF on PCA of all training images reached 0.943 (`python -m "
    "benchmarks.anomaly`)."
)
HELP = (
    "Curves need images that are known to be normal and others that are known not to be: choose some classes, not all, "
    "as normal, or score a folder with a sub-folder of normal images, or another data set."
)


def curves(found: Scored, known: Judgeable | None, reason: str, key: str) -> None:
    """ROC and precision-recall of the chosen score, with the threshold on them; or the reason why there are none."""
    if known is None:
        st.info(page.escape(f"{reason} {HELP}"), icon=":material/info:")
        return
    scores, outlier = known.scores, known.outlier
    evaluation = remembered(("evaluation", key, found.detector.score), lambda: metrics.evaluate(scores, outlier))
    rates = metrics.rates(scores, outlier, found.detector.threshold)
    precision = None if math.isnan(rates.precision) else (rates.recall, rates.precision)
    left, right = st.columns(2)
    left.plotly_chart(
        figures.roc(metrics.roc_points(scores, outlier), (rates.false_alarm_rate, rates.recall)),
        key="anomalies-roc",
        config=STILL,
    )
    right.plotly_chart(
        figures.precision_recall(metrics.pr_points(scores, outlier), precision, float(outlier.mean())),
        key="anomalies-pr",
        config=STILL,
    )
    numbers = (("AUROC", evaluation.auroc), ("AUPRC", evaluation.auprc), ("FPR at 95 % recall", evaluation.fpr95))
    for column, (name, interval) in zip(st.columns(3), numbers, strict=True):
        column.metric(name, f"{interval.value:.3f}", help=page.escape(evaluation.protocol))
        column.caption(f"95 % interval {interval.low:.3f} to {interval.high:.3f}")
    told = "; ".join(filter(None, (evaluation.protocol, known.note)))
    said = f"Measured on {evaluation.outliers:,} outliers and {evaluation.normals:,} normal images."
    st.caption(said, help=page.escape(f"{told}."))


def side_by_side(checkpoint: Checkpoint, choice: NormalChoice) -> None:
    """All scores of the test split, which a job computes; of other images a command compares them."""
    if STATE.text("source", "test") in ("dataset", "folder"):
        _elsewhere(checkpoint, choice)
        return
    if reason := why_not(checkpoint, choice):
        st.info(page.escape(f"{reason} Choose some classes, not all, as normal."), icon=":material/info:")
        return
    kept = comparison_files.saved(checkpoint, choice)
    if kept is None:
        st.caption("Fits every score and baseline to the same normal images and judges each on the test split.")
    elif kept.evaluations:
        if kept.baseline_wins():
            st.warning(page.escape(kept.sentence()), icon=":material/trophy:")
        else:
            st.markdown(page.escape(kept.sentence()))
        _table(checkpoint, kept)
    else:
        st.info(page.escape(kept.why_not or HELP), icon=":material/info:")
    normal = option_words("--normal", choice.words(checkpoint.dataset.class_names))
    work = Command("compare", f"Anomaly scores of {checkpoint.name}", ("compare", checkpoint.name, *normal))
    label = "Compare all scores" if kept is None else "Compare again"
    job_card.offer(
        work, needs.scoring_by_components(checkpoint.model), label, "anomalies-compare", ":material/leaderboard:"
    )


def _table(checkpoint: Checkpoint, kept: Comparison) -> None:
    speeds = kept.images_per_second
    order = sorted(kept.evaluations, key=lambda name: -kept.evaluations[name].auroc.value)
    headers = (
        Cell("Score"),
        Cell("AUROC"),
        Cell("AUPRC"),
        Cell("FPR95", "False-alarm rate at 95 % recall; lower is better."),
        Cell("images/s"),
    )
    rows = []
    for name in order:
        evaluation, kind = kept.evaluations[name], "default" if name == registry.DEFAULT else ""
        numbers = [_interval(interval) for interval in (evaluation.auroc, evaluation.auprc, evaluation.fpr95)]
        speed = Cell(f"{speeds[name]:,.0f}" if name in speeds else "")
        title = Cell(registry.get(name).title, "baseline: no VAE" if name in registry.BASELINES else kind)
        rows.append(TableRow((title, *numbers, speed), name == registry.DEFAULT))
    st.html(table(headers, rows))
    first, on_mnist = kept.evaluations[order[0]], ON_MNIST if checkpoint.dataset.name == "mnist" else ""
    st.caption(
        f"Measured on {first.outliers:,} outliers and {first.normals:,} normal images of the test split.",
        help=page.escape(
            f"{first.protocol}. Images a second: from pixels to scores, on this machine. The default was chosen on "
            f"synthetic damage to held-out images, never on these labels.{on_mnist}"
        ),
    )


def _elsewhere(checkpoint: Checkpoint, choice: NormalChoice) -> None:
    """The command that compares all scores on another data set or a folder."""
    kind = STATE.text("source")
    where = ["--images", STATE.text("folder")] if kind == "folder" else ["--dataset", settings.set_name(checkpoint)]
    normal = option_words("--normal", (*choice.words(checkpoint.dataset.class_names), *choice.aliases))
    st.caption("All scores are compared on these images by a command:")
    st.code(
        f"python -m vae {shlex.join(['compare', checkpoint.name, *where, *normal])}", language="sh", wrap_lines=True
    )


def _interval(interval: Interval) -> Cell:
    return Cell(f"{interval.value:.3f}", f"{interval.low:.3f}–{interval.high:.3f}")
