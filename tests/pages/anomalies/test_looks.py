"""Anomalies: every look, score and kind of model."""

from __future__ import annotations

import numpy as np
import pytest

from tests.pages.anomalies.page import (
    HTML,
    LOOKS,
    SCORES,
    ZERO_ONE,
    Browser,
    detector_of,
    of,
    one_class,
    planted,
    seen,
    url,
    visit,
    write,
    wrong,
)
from tests.pages.page import said, visit_page
from tests.vae.helpers import new_checkpoint
from ui.anomalies.settings import JOIN
from ui.shared import cache
from vae.anomalies import detectors
from vae.anomalies.methods import registry
from vae.checkpoints.checkpoint import Checkpoint, NewCheckpoint
from vae.config import ModelConfig

TITLES = ("Images", "Map", "Curves", "All scores")


def test_nothing_is_flagged_before_the_person_has_chosen(digits: Checkpoint, browser: Browser) -> None:
    at = visit_page("pages/anomalies.py")
    assert wrong(at) == []
    assert at.multiselect(key="anomalies-normal").value == []
    assert "the test split holds no outliers" in said(at)
    assert set(browser.pictures) == {"anomalies-normal-ones", "anomalies-checked-ones"}
    assert "anomalies-histogram" not in browser.answers
    assert (browser.groups, browser.download) == ((), bytes)
    at.multiselect(key="anomalies-normal").set_value(["3"]).run()
    train = cache.train_images(digits)
    np.testing.assert_array_equal(browser.pictures["anomalies-normal-ones"], train.images[train.labels == 3][:12])
    assert browser.groups == ()
    at.button(key="anomalies-check").click().run()
    assert [group.outlier for group in browser.groups] == [False, True]
    assert url(at) == {"normal": "3"}
    rows = browser.rows()
    at.switch_page("pages/train.py").run()
    browser.groups = ()
    at.switch_page("pages/anomalies.py").run()
    assert browser.rows() == rows
    assert len(browser.groups) == 2


def test_every_look(digits: Checkpoint, browser: Browser) -> None:
    at = visit(normal=ZERO_ONE)
    for look in LOOKS:
        at.button_group(key="anomalies-look").set_value(look).run()
        text = said(at)
        assert wrong(at) == []
        assert url(at) == {"normal": ZERO_ONE} | ({} if look == "gallery" else {"look": look})
        assert len(at.get("plotly_chart")) == {"map": 1, "curves": 2}.get(look, 0)
    assert "Fits every score and baseline" in text
    assert [group.outlier for group in browser.groups] == [False, True]


@pytest.mark.parametrize("score", SCORES)
def test_every_score_is_the_librarys(digits: Checkpoint, browser: Browser, score: str) -> None:
    at = visit(normal=ZERO_ONE, score=score)
    assert wrong(at) == []
    explained = at.selectbox(key="anomalies-score").help.replace("\\", "")
    assert registry.get(score).source.split(",")[0] in explained
    detector = detector_of(digits, score, "0", "1")
    test = cache.test_images(digits)
    decisions = detectors.decide(detector, seen(digits, test.images), cache.model(digits))
    rows = browser.rows()
    assert [row["name"] for row in rows] == [f"row {i}" for i in range(len(test))]
    assert [row["class"] for row in rows] == [test.class_names[label] for label in test.labels]
    np.testing.assert_allclose([float(row["score"]) for row in rows], decisions.scores, rtol=1e-5)
    assert browser.counted() == browser.flagged() == pytest.approx(decisions.flagged.sum(), abs=1)


@pytest.mark.parametrize(
    "new",
    [planted(ModelConfig("mlp", (1, 8, 8), 1, hidden=(4,))), one_class(), planted(classes=("3", "5"))],
    ids=["one dimension", "one class", "trained on some"],
)
def test_every_look_of_unusual_models(browser: Browser, new: NewCheckpoint) -> None:
    checkpoint = write("a", new)
    at = visit()
    several = len(checkpoint.dataset.class_names) > 1
    assert tuple(at.button_group(key="anomalies-look").options) == (TITLES if several else TITLES[:2])
    for look in LOOKS if several else LOOKS[:2]:
        at.button_group(key="anomalies-look").set_value(look).run()
        text = said(at)
        assert wrong(at) == []
        if look == "curves":
            assert ("Curves need images" in text) == (not checkpoint.train.classes)
        if look == "map":
            assert len(at.get("plotly_chart")) == 1
    if checkpoint.train.classes:
        assert at.multiselect(key="anomalies-normal").value == ["3", "5"]
        assert "This model was trained on class 3, 5 only." in said(visit(step="ask"))
        assert len(browser.groups[0].scores) == np.isin(new.latents.labels, [3, 5]).sum()
        at.multiselect(key="anomalies-normal").set_value([]).run()
        again = visit(**at.query_params)
        assert again.multiselect(key="anomalies-normal").value == []
        assert len(browser.groups) == 1
    if len(checkpoint.dataset.class_names) == 1:
        assert "the data set has one class." in text
        assert not at.multiselect


def test_all_classes_named_are_all(digits: Checkpoint, browser: Browser) -> None:
    at = visit(normal=JOIN.join(digits.dataset.class_names), look="curves")
    assert "Curves need images" in said(at)
    assert "anomalies-train" not in [button.key for button in at.button]
    assert [group.outlier for group in browser.groups] == [None]


def test_missing_images_are_said_and_offered(submitted: list[list[str]]) -> None:
    write("a", of("mnist", "MNIST"))
    at = visit()
    assert len(wrong(at)) == 1
    assert "not on this machine" in said(at)
    at.button(key="download-mnist").click().run()
    assert submitted == [["fetch", "mnist"]]
    assert "download-mnist" not in [button.key for button in at.button]
    at.button_group(key="anomalies-source").set_value("dataset").run()  # detectors are fitted to its images too
    assert len(wrong(at)) == 1


def test_images_that_are_known_nowhere_are_said() -> None:
    write("cats", of("cats", HTML))
    at = visit()
    assert len(wrong(at)) == 1
    assert HTML in said(at)
    assert all(HTML not in error.value for error in at.error)
    assert not [button for button in at.button if button.label.startswith("Download")]


def test_other_images_than_the_model_was_measured_on_are_not_scored() -> None:
    write("a", new_checkpoint())
    at = visit()
    assert "are not those that a was measured on" in said(at)
