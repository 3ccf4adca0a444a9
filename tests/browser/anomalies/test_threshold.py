"""What the histogram's front end makes of its data: counts are those that Python decides by."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from tests.browser.drive.modules import mount
from tests.ui.components.test_threshold import ALL, PLAIN, TIED, Scores
from ui.components.threshold.histogram import ScoreGroup, histogram
from vae.anomalies import thresholds


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A page with the component, which `receive(data)` draws."""
    found = browser.new_page()
    mount(found, "threshold/threshold.js", "threshold/threshold.html", "shared/base.css", "threshold/threshold.css")
    yield found
    found.close()


def flagged(page: Page) -> int:
    return int(page.locator(".threshold").get_attribute("data-flagged") or -1)


def receive(page: Page, scores: Scores, value: float, revision: int) -> None:
    page.evaluate(
        "data => window.receive(data)", histogram([ScoreGroup("a", scores, "#888")], value, "Score", revision)
    )


def value_of(page: Page) -> float:
    return float(page.locator(".threshold").get_attribute("data-threshold") or "nan")


@pytest.mark.parametrize("scores", ALL.values(), ids=ALL)
def test_the_page_counts_as_python_decides(page: Page, scores: Scores) -> None:
    values = [2.0, 2.5, 9.75, -1e6, 3e38, *(float(score) for score in scores[:4] if np.isfinite(score))]
    for k, value in enumerate(values):
        receive(page, scores, value, 100 + k)
        assert flagged(page) == thresholds.flagged(scores, value).sum()


def test_dragging_tells_python_once_where_it_was_let_go(page: Page) -> None:
    receive(page, PLAIN, 10.0, 1)
    page.evaluate("window.reported.length = 0")
    box = page.locator(".plot").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 100, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 20, steps=5)
    assert page.evaluate("window.reported") == []
    page.mouse.up()
    [[name, setting]] = page.evaluate("window.reported")
    edges = histogram([ScoreGroup("a", PLAIN, "")], 10.0, "", 1)["edges"]
    assert name == "setting"
    assert setting["threshold"] == pytest.approx(edges[0] + 300 / box["width"] * (edges[-1] - edges[0]), abs=0.1)
    page.wait_for_function(f"document.querySelector('.threshold').dataset.threshold === '{setting['threshold']!r}'")
    assert flagged(page) == thresholds.flagged(PLAIN, setting["threshold"]).sum()
    receive(page, PLAIN, 10.0, 1)  # a run of the page that had begun before
    assert value_of(page) == setting["threshold"]
    receive(page, PLAIN, 11.0, 2)  # a field has moved it
    assert value_of(page) == 11.0


def test_keys_move_it_too(page: Page) -> None:
    receive(page, PLAIN, 10.0, 3)
    page.evaluate("window.reported.length = 0")
    page.locator(".line").focus()
    for key in ("ArrowRight", "PageUp", "ArrowLeft"):
        page.keyboard.press(key)
    assert len(page.evaluate("window.reported")) == 3
    [_, setting] = page.evaluate("window.reported")[-1]
    edges = histogram([ScoreGroup("a", PLAIN, "")], 10.0, "", 3)["edges"]
    assert setting["threshold"] == pytest.approx(10 + 10 * (edges[-1] - edges[0]) / 200)
    page.keyboard.press("End")
    assert page.evaluate("window.reported")[-1][1]["threshold"] == edges[-1]
    assert len({event["id"] for _, event in page.evaluate("window.reported")}) == 4


def test_names_are_text(page: Page) -> None:
    hostile = '<img src="x" onerror="window.hurt = 1">'
    data = histogram([ScoreGroup(hostile, PLAIN, "#888", True), ScoreGroup("b", TIED, "#999", False)], 2.0, hostile, 9)
    page.evaluate("data => window.receive(data)", data)
    assert hostile in page.locator(".legend").inner_text()
    assert hostile in page.locator(".counts").inner_text()
    assert page.locator(".threshold img").count() == 0
    assert "b: 7 flagged wrongly (38.9 %)" in page.locator(".counts").inner_text()
