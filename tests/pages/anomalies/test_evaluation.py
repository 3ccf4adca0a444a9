"""Anomalies: all scores side by side."""

from __future__ import annotations

import re
import shutil
from xml.etree import ElementTree

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.pages.anomalies.page import (
    HTML,
    SCORES,
    ZERO_ONE,
    explained,
    labels,
    one_class,
    planted,
    visit,
    write,
    wrong,
)
from tests.pages.page import said
from vae import commands
from vae.anomalies.evaluation import comparison, comparison_files
from vae.anomalies.evaluation.metrics import Evaluation, Interval
from vae.anomalies.methods import registry
from vae.anomalies.normal_images import NormalChoice
from vae.budget import free, limits, needs
from vae.checkpoints.checkpoint import Checkpoint
from vae.storage import paths


def test_all_scores_side_by_side(digits: Checkpoint, submitted: list[list[str]]) -> None:
    at = visit(normal=ZERO_ONE, look="scores")
    at.button(key="anomalies-compare").click().run()
    [words] = submitted
    assert "anomalies-compare" not in [button.key for button in at.button]  # the job's card stands there
    shutil.rmtree(paths.runs_dir())
    commands.main(words)
    at = visit(normal=ZERO_ONE, look="scores")
    places, table = sorted(small_tables(at), key=lambda table: "AUROC" in table)
    known = comparison_files.saved(digits, NormalChoice(("0", "1")))
    assert known is not None
    assert sorted(table["Score"]) == sorted(registry.get(name).title for name in SCORES)
    values = [float(cell) for cell in table["AUROC"]]
    assert values == sorted(values, reverse=True)
    assert known.sentence() in said(at)
    assert "Compare again" in labels(at)
    assert sorted(places["Score"]) == sorted(table["Score"])  # the image's place in each


def small_tables(at: AppTest) -> list[dict[str, list[str]]]:
    """The tables that ui/shared/tables.py has made: by header, the cells' main texts."""
    found = []
    for element in at.get("html"):
        _, begin, table = element.proto.body.partition('<table class="small-table">')
        if begin:
            table, end, _ = table.partition("</table>")
            head, body = ElementTree.fromstring(begin + table + end)  # noqa: S314 - our own
            columns = zip(*([cell.text or "" for cell in row] for row in body), strict=True)
            found.append({header.text or "": list(cells) for header, cells in zip(head[0], columns, strict=True)})
    return found


@pytest.mark.parametrize("wins", [True, False])
def test_the_page_says_when_a_baseline_wins(digits: Checkpoint, wins: bool) -> None:
    choice = NormalChoice(("0", "1"))
    outlier = comparison.outliers(digits, choice)
    counts = int(outlier.sum()), int((~outlier).sum())
    n, rows = len(outlier), np.arange(5)
    reference = comparison.NormalReference(rows, digits.latents.mu[:5], digits.latents.sigma[:5])
    values = {"kl": 0.8, "pca_lof": 0.9 if wins else 0.7}
    evaluations = {
        name: Evaluation(around, around, around, *counts, f"protocol {HTML}")
        for name, value in values.items()
        for around in [Interval(value, value - 0.01, value + 0.01)]
    }
    columns = {name: np.zeros(n, np.float32) for name in values}
    held_out = {name: np.zeros(7, np.float32) for name in values}
    comparison_files.save(
        digits,
        comparison.Comparison(choice, reference, columns, held_out, evaluations, dict.fromkeys(values, 1.0), 1.0),
    )
    at = visit(normal=ZERO_ONE, look="scores")
    text = said(at)
    assert ("which needs no VAE, is best here: AUROC 0.900 against 0.800" in text) == wins
    assert len(wrong(at)) == wins
    [table] = [table for table in small_tables(at) if "AUROC" in table]
    assert registry.get("pca_lof").title in table["Score"]  # which says that it is a baseline
    assert HTML in explained(at)
    assert all(HTML not in element.value for element in at.caption)


def test_without_labels_there_is_no_evaluation() -> None:
    write("a", one_class())
    commands.main(["compare", "a", "--scores", "kl", "pca_lof"])
    at = visit(look="scores")
    assert wrong(at) == ["The link asks for look scores, expected one of gallery, map; gallery is shown."]
    assert "anomalies-compare" not in [button.key for button in at.button]
    [places] = small_tables(at)
    assert len(places["Score"]) == 3
    assert all(re.fullmatch(r"[0-9]+ of [0-9]+", cell) for cell in places["Higher than"])


def test_a_model_of_some_classes_compares_what_is_chosen(submitted: list[list[str]]) -> None:
    write("a", planted(classes=("3", "5")))
    at = visit(look="scores", normal="")
    assert at.multiselect(key="anomalies-normal").value == []
    assert "All classes of the test split are normal" in said(at)
    at.multiselect(key="anomalies-normal").set_value(["4"]).run()
    at.button(key="anomalies-compare").click().run()
    assert submitted == [["compare", "a", "--normal", "4"]]


def test_what_a_comparison_takes_is_told_and_without_it_there_is_no_button(
    digits: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    takes = limits.size(needs.scoring_by_components(digits.model).total)
    assert f"Takes about {takes} of memory." in said(visit(normal=ZERO_ONE, look="scores"))
    monkeypatch.setattr(free, "memory", lambda: 10**8)
    at = visit(normal=ZERO_ONE, look="scores")
    assert f"This needs about {takes} of memory, 0.1 GB are free" in said(at)
    assert "anomalies-compare" not in [button.key for button in at.button]
    monkeypatch.setattr(free, "memory", lambda: 10**6)
    st.cache_resource.clear()  # the images that it has looked at
    assert "Looking at the images needs about" in said(visit(normal=ZERO_ONE, look="scores"))
