"""The histogram's payload and, in Chromium, what its front end makes of it: counts are those that Python decides by."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page, sync_playwright

from tests.browser.drive.chromium import launch
from tests.browser.drive.modules import mount
from ui.components.threshold.payload import BINS, Group, payload
from vae.anomalies.evaluation import metrics

Scores = NDArray[np.float32]
RNG = np.random.default_rng(0)
PLAIN = RNG.normal(10, 3, 500).astype(np.float32)
TIED = np.repeat(np.float32([1, 2, 2.5]), [5, 6, 7])
BROKEN = np.float32([np.nan, np.inf, -np.inf, 1, 2, np.nan, 3])
ALL = {
    "plain": PLAIN,
    "tied": TIED,
    "broken": BROKEN,
    "none": PLAIN[:0],
    "one": PLAIN[:1],
    "constant": np.full(9, 1e30, np.float32),
    "not a number": BROKEN[:1],
    "backwards": PLAIN[::-2],
}


def sorted_scores(group: dict[str, Any]) -> Scores:
    """As threshold.js reads them."""
    return np.frombuffer(base64.b64decode(group["sorted"]), "<f4")


@pytest.mark.parametrize("scores", ALL.values(), ids=ALL)
@pytest.mark.parametrize("value", [2.0, -1e6, 3e38])
def test_the_histogram_holds_every_score_and_the_threshold(scores: Scores, value: float) -> None:
    data = payload([Group("a", scores, "#123456")], value, "Score", 3)
    json.dumps(data, allow_nan=False)
    edges, [group] = np.array(data["edges"]), data["groups"]
    assert len(edges) == len(group["counts"]) + 1 == BINS + 1
    assert (np.diff(edges) > 0).all()
    assert edges[0] <= value <= edges[-1]
    assert sum(group["counts"]) == np.isfinite(scores).sum()
    np.testing.assert_array_equal(sorted_scores(group), np.sort(scores))
    assert (data["threshold"], data["label"], data["revision"]) == (value, "Score", 3)


def test_bars_count_what_lies_in_them_and_the_outermost_what_lies_beyond() -> None:
    far = np.append(np.tile(PLAIN, 5), np.float32([1e9, -1e9]))
    data = payload([Group("a", far, "")], 12.0, "", 0)
    edges, counts = np.array(data["edges"]), data["groups"][0]["counts"]
    assert -10 < edges[0] < edges[-1] < 30  # two far outliers squeeze nothing
    expected = [int(((low <= far) & (far < high)).sum()) for low, high in itertools.pairwise(edges)]
    assert counts[1:-1] == expected[1:-1]
    assert counts[0] == (far < edges[1]).sum()
    assert counts[-1] == (far >= edges[-2]).sum()


def test_groups_share_the_bins_and_keep_what_they_are() -> None:
    hostile = '</script><b onclick="x">'
    data = payload(
        [Group(hostile, PLAIN, "#1", False), Group("b", PLAIN + 5, "#2", True), Group("c", TIED, "#3")], 1, "", 0
    )
    assert [group["outlier"] for group in data["groups"]] == [False, True, None]
    assert [group["name"] for group in data["groups"]] == [hostile, "b", "c"]
    alone = payload([Group("", np.concatenate([PLAIN, PLAIN + 5, TIED]), "")], 1, "", 0)
    assert data["edges"] == alone["edges"]
    assert np.sum([group["counts"] for group in data["groups"]], 0).tolist() == alone["groups"][0]["counts"]


def test_the_fingerprint_is_of_the_scores_alone() -> None:
    def fingerprint(scores: Scores, value: float = 1.0, revision: int = 0) -> str:
        return str(payload([Group("a", scores, "")], value, "", revision)["fingerprint"])

    assert fingerprint(PLAIN) == fingerprint(PLAIN[::-1], 2.0, 5)
    assert len({fingerprint(scores) for scores in (PLAIN, PLAIN[:-1], np.nextafter(PLAIN, 99), TIED)}) == 4


def test_without_a_finite_threshold_there_is_a_histogram() -> None:
    edges = payload([Group("a", PLAIN, "")], float("inf"), "", 0)["edges"]
    assert np.isfinite(edges).all()
    assert len(payload([], float("nan"), "", 0)["edges"]) == BINS + 1


# --- in Chromium ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A page with the component, which `receive(data)` draws."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        found = browser.new_page()
        mount(found, "threshold/threshold.js", "threshold/threshold.html", "threshold/threshold.css")
        yield found
        browser.close()


def flagged(page: Page) -> int:
    return int(page.locator(".threshold").get_attribute("data-flagged") or -1)


def receive(page: Page, scores: Scores, value: float, revision: int) -> None:
    page.evaluate("data => window.receive(data)", payload([Group("a", scores, "#888")], value, "Score", revision))


def value_of(page: Page) -> float:
    return float(page.locator(".threshold").get_attribute("data-threshold") or "nan")


@pytest.mark.parametrize("scores", ALL.values(), ids=ALL)
def test_the_page_counts_as_python_decides(page: Page, scores: Scores) -> None:
    values = [2.0, 2.5, 9.75, -1e6, 3e38, *(float(score) for score in scores[:4] if np.isfinite(score))]
    for k, value in enumerate(values):
        receive(page, scores, value, 100 + k)
        assert flagged(page) == metrics.flagged(scores, value).sum()


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
    edges = payload([Group("a", PLAIN, "")], 10.0, "", 1)["edges"]
    assert name == "setting"
    assert setting["threshold"] == pytest.approx(edges[0] + 300 / box["width"] * (edges[-1] - edges[0]), abs=0.1)
    page.wait_for_function(f"document.querySelector('.threshold').dataset.threshold === '{setting['threshold']!r}'")
    assert flagged(page) == metrics.flagged(PLAIN, setting["threshold"]).sum()
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
    edges = payload([Group("a", PLAIN, "")], 10.0, "", 3)["edges"]
    assert setting["threshold"] == pytest.approx(10 + 10 * (edges[-1] - edges[0]) / 200)
    page.keyboard.press("End")
    assert page.evaluate("window.reported")[-1][1]["threshold"] == edges[-1]
    assert len({event["id"] for _, event in page.evaluate("window.reported")}) == 4


def test_names_are_text(page: Page) -> None:
    hostile = '<img src="x" onerror="window.hurt = 1">'
    data = payload([Group(hostile, PLAIN, "#888", True), Group("b", TIED, "#999", False)], 2.0, hostile, 9)
    page.evaluate("data => window.receive(data)", data)
    assert hostile in page.locator(".legend").inner_text()
    assert hostile in page.locator(".counts").inner_text()
    assert page.locator(".threshold img").count() == 0
    assert "b: 7 flagged wrongly (38.9 %)" in page.locator(".counts").inner_text()
