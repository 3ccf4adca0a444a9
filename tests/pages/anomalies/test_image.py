"""Anomalies: one image, and why it is anomalous."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.pages.anomalies.page import ZERO_ONE, Browser, folder_of, seen, url, visit, visit_folder, wrong
from tests.pages.page import said
from ui.shared import cache, explore_place
from ui.shared.explore_place import Place
from vae.anomalies import normal_images
from vae.anomalies.forward_pass import Pass
from vae.anomalies.methods import registry
from vae.anomalies.normal_images import NormalChoice
from vae.checkpoints.checkpoint import Checkpoint


def test_a_click_chooses_the_image(digits: Checkpoint, browser: Browser) -> None:
    at = visit(normal=ZERO_ONE)
    rows = browser.rows()
    worst = np.argsort([-float(row["score"]) for row in rows], kind="stable")
    test = cache.test_images(digits)
    np.testing.assert_array_equal(browser.pictures["anomalies-gallery"], test.images[worst[:60]])
    assert browser.selected["anomalies-gallery"] == 0
    assert f"**row {worst[0]}**" in said(at)
    browser.choose(7, "a")
    at.run()
    assert url(at) == {"normal": ZERO_ONE, "image": str(worst[7])}
    assert f"**row {worst[7]}** · class {test.class_names[test.labels[worst[7]]]}" in said(at)
    assert browser.selected["anomalies-gallery"] == 7
    at.button_group(key="anomalies-order").set_value("normal").run()  # the same click is not heard twice
    np.testing.assert_array_equal(browser.pictures["anomalies-gallery"], test.images[worst[::-1][:60]])
    assert url(at)["image"] == str(worst[7])
    known = normal_images.reference(digits, NormalChoice(("0", "1")))
    mu = seen(digits, known.images).mu
    nearest = np.linalg.norm(mu - seen(digits, test.images[worst[7]][None]).mu, axis=1).argsort(kind="stable")[:8]
    np.testing.assert_array_equal(browser.pictures["anomalies-neighbours"], known.images[nearest])
    at.toggle(key="anomalies-heat").set_value(True).run()
    assert browser.pictures["anomalies-gallery"].shape == (60, 3, 8, 8)
    assert url(at)["heat"] == "yes"


def test_likelihood_regret_of_one_image(digits: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    regret = registry.get("regret")
    sizes = []
    true_score = type(regret).score

    def score(self: Any, batch: Pass, *rest: Any) -> Any:
        sizes.append(len(batch))
        return true_score(self, batch.take(slice(0, 3)), *rest)

    monkeypatch.setattr(type(regret), "score", score)
    at = visit(image="3")
    at.button(key="anomalies-regret").click().run()
    assert "Likelihood regret " in said(at)
    assert (sizes[0], sum(sizes[1:])) == (1, 50)
    assert wrong(at) == []
    at.selectbox(key="anomalies-rule").set_value("contamination").run()
    assert "Likelihood regret " in said(at)  # another threshold takes nothing away
    at.button(key="anomalies-regret").click().run()
    assert (sizes[-1], sum(sizes)) == (1, 52)  # the normal ones are known by now
    assert "Likelihood regret " not in said(visit(image="4"))


def test_what_a_person_says_of_images_goes_into_the_csv_and_the_link(digits: Checkpoint, browser: Browser) -> None:
    at = visit(normal=ZERO_ONE)
    worst = np.argsort([-float(row["score"]) for row in browser.rows()], kind="stable")
    assert browser.tiles[0].flagged
    assert browser.tiles[0].name == f"row {worst[0]}"
    assert float(browser.tiles[0].score) >= browser.threshold
    assert f"{browser.threshold:.4g}" in browser.line
    browser.mark({0: "confirmed", 2: "rejected"}, "a")
    at.run()
    at.button(key="anomalies-next").click().run()
    browser.mark({1: "confirmed"}, "b")  # on the next page
    at.run()
    expected = {worst[0]: "confirmed", worst[2]: "rejected", worst[61]: "confirmed"}
    assert {i: row["review"] for i, row in enumerate(browser.rows()) if row["review"]} == expected
    assert url(at)["confirmed"] == ",".join(map(str, sorted((worst[0], worst[61]))))
    again = visit(**at.query_params)
    assert {i: row["review"] for i, row in enumerate(browser.rows()) if row["review"]} == expected
    assert [button.label for button in again.button if button.key == "anomalies-rejected"] == ["No anomaly"]
    again.button(key="anomalies-rejected").click().run()  # the worst is chosen: another answer takes its place
    again.button(key="anomalies-rejected").click().run()  # and is taken back
    assert browser.rows()[worst[0]]["review"] == ""
    again.button_group(key="anomalies-source").set_value("dataset").run()
    assert {row["review"] for row in browser.rows()} == {""}
    again.button_group(key="anomalies-source").set_value("test").run()
    assert browser.rows()[worst[2]]["review"] == "rejected"


@pytest.mark.parametrize("source", ["test", "folder"])
def test_open_in_explore(digits: Checkpoint, tmp_path: Path, source: str) -> None:
    at = visit_folder(folder_of(digits, tmp_path), image="3") if source == "folder" else visit(image="3")
    at.button(key="anomalies-image-explore").click().run()
    said(at)
    place = at.session_state[explore_place.VECTORS][digits.identity]
    if source == "test":
        assert place == Place(3)
    else:
        np.testing.assert_allclose(place.z, cache.encoded(digits, cache.test_images(digits).images[3:4])[0], atol=1e-4)
    assert at.get("plotly_chart")  # it is Explore that is shown
