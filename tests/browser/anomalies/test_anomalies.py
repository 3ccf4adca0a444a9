"""Journeys through Anomalies in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.drive import generate
from tests.browser.drive.anomalies import HISTOGRAM, csv_rows, drag_threshold, flagged
from tests.browser.drive.server import AppServer
from tests.browser.drive.visit import eventually, open_page, wait_idle
from vae.data import datasets

MODEL = "digits-mlp-8"


def visit(page: Page, server: AppServer, **settings: str) -> None:
    query = "&".join(f"{name}={value}" for name, value in {"model": MODEL, **settings}.items())
    open_page(page, server, f"anomalies?{query}")
    page.wait_for_selector(HISTOGRAM, timeout=60_000)


def test_one_class_is_normal_and_the_threshold_is_dragged(app: AppServer, page: Page) -> None:
    sent = generate.count_messages(page)
    visit(page, app, normal="3", score="knn")
    before, messages = flagged(page), len(sent)
    assert messages > 0
    drag_threshold(page, 0.15)
    expect(page.locator(HISTOGRAM)).not_to_have_attribute("data-flagged", str(before))  # while the button is down
    assert len(sent) == messages  # nothing was asked of the server
    page.mouse.up()
    wait_idle(page)
    now = flagged(page)
    assert now > before
    expect(page.get_by_text(re.compile(rf"^{now} of 360 flagged"))).to_be_visible()
    assert generate.settings(page)["rule"] == ["threshold"]

    rows = csv_rows(page)
    assert len(rows) == 360
    assert sum(row["decision"] == "anomaly" for row in rows) == now
    threshold = float(generate.settings(page)["threshold"][0])
    assert all((float(row["score"]) > threshold) == (row["decision"] == "anomaly") for row in rows)

    page.reload()
    page.wait_for_selector(HISTOGRAM)
    wait_idle(page)
    assert flagged(page) == now  # the link keeps the threshold

    worst = max(range(360), key=lambda i: float(rows[i]["score"]))
    tile = page.locator(".review .tile").first
    expect(tile).to_contain_text(f"row {worst}")
    expect(page.get_by_text(f"row {worst} · class {rows[worst]['class']}")).to_be_visible()
    expect(page.get_by_text("Flagged", exact=True)).to_be_visible()
    expect(page.get_by_text(re.compile(r"^(No|\d+) unusual latent dimension"))).to_be_visible()
    assert rows[worst]["class"] != "3"

    tile.click()
    page.keyboard.press("c")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("x")  # before Python has heard of the first
    wait_idle(page)
    expect(page.locator("[data-testid='stDialog']")).to_have_count(0)  # C is Streamlit's own key, too
    order = sorted(range(360), key=lambda i: -float(rows[i]["score"]))
    reviewed = {i: row["review"] for i, row in enumerate(csv_rows(page)) if row["review"]}
    assert reviewed == {order[0]: "confirmed", order[1]: "rejected"}
    assert generate.settings(page)["rejected"] == [str(order[1])]

    page.get_by_role("radio", name="At the threshold").click(force=True)
    wait_idle(page)
    line = page.locator(".review .line")
    expect(line).to_have_text(f"Threshold {threshold:.4g}")
    above = line.evaluate("line => [...line.parentElement.children].indexOf(line)")
    scores = [float(text) for text in page.locator(".review .score").all_inner_texts()]
    assert scores == sorted(scores, reverse=True)
    assert 0 < above < len(scores)
    assert scores[above - 1] > threshold * (1 - 1e-3)
    assert scores[above] < threshold * (1 + 1e-3)


def test_the_keyboard_moves_the_threshold(app: AppServer, page: Page) -> None:
    visit(page, app, normal="3", score="knn")
    before = float(page.locator(HISTOGRAM).get_attribute("data-threshold") or "nan")
    page.locator(f"{HISTOGRAM} .line").focus()
    page.keyboard.press("ArrowRight")
    wait_idle(page)
    after = float(page.locator(HISTOGRAM).get_attribute("data-threshold") or "nan")
    assert after > before
    assert float(generate.settings(page)["threshold"][0]) == pytest.approx(after, rel=1e-6)


def test_a_folder_of_own_images_is_scored(app: AppServer, page: Page, tmp_path: Path) -> None:
    digits = datasets.load("digits", "test")
    folder = tmp_path / "own"
    folder.mkdir()
    for i in range(12):
        Image.fromarray(digits.images[i, 0]).resize((16, 16), Image.Resampling.NEAREST).save(
            folder / f"good-{i:02}.png"
        )
    noise = np.random.default_rng(0).integers(0, 256, (8, 8), np.uint8)
    Image.fromarray(noise).save(folder / "noise.png")
    (folder / "broken.png").write_bytes(b"not a picture")

    open_page(page, app, f"anomalies?model={MODEL}&source=folder&folder={folder}&score=squared_error")
    expect(page.get_by_role("button", name="Check", exact=True)).to_be_disabled(timeout=60_000)
    page.get_by_role("button", name="Read this folder").click()
    page.wait_for_selector(HISTOGRAM, timeout=60_000)
    expect(page.get_by_text("Changed: 12 resized to 8 × 8 pixels")).to_be_visible()
    expect(page.get_by_text("1 file left out of 14")).to_be_visible()
    rows = csv_rows(page)
    assert len(rows) == 13
    assert max(rows, key=lambda row: float(row["score"]))["name"] == "noise.png"
    expect(page.locator(".review .tile").first).to_contain_text("noise.png")
    expect(
        page.get_by_role("paragraph").get_by_text("noise.png", exact=True)
    ).to_be_visible()  # the worst is explained first
    assert sum(row["decision"] == "anomaly" for row in rows) == flagged(page)


def test_a_point_of_the_map_is_clicked(app: AppServer, page: Page) -> None:
    visit(page, app, normal="3", score="knn", look="map")
    chart = page.locator(".st-key-anomalies-map .js-plotly-plot")
    expect(chart).to_be_visible()
    wait_idle(page)
    chart.scroll_into_view_if_needed()
    ring = page.get_by_test_id("you-are-here")
    expect(ring).to_be_visible()  # around the worst image, which is explained first
    before = middle_of(ring)
    found = chart.evaluate(
        """(chart) => {
            const { xaxis, yaxis } = chart._fullLayout
            const { left, top } = chart.getBoundingClientRect()
            const { x, y, customdata } = chart._fullData[0]
            const places = Array.from(x, (_, i) => [xaxis._offset + xaxis.d2p(x[i]), yaxis._offset + yaxis.d2p(y[i])])
            const between = (one, other) => Math.hypot(one[0] - other[0], one[1] - other[1])
            const apart = (i) => Math.min(...places.map((place, j) => (j === i ? 1e9 : between(place, places[i]))))
            const lonely = places.map((_, i) => i).reduce((best, i) => apart(i) > apart(best) ? i : best, 0)
            return { x: left + places[lonely][0], y: top + places[lonely][1], row: customdata[lonely] }
        }"""
    )
    page.mouse.move(found["x"] - 3, found["y"], steps=3)
    page.mouse.move(found["x"], found["y"])
    page.mouse.click(found["x"], found["y"])
    expect(page.get_by_text(re.compile(rf"^row {found['row']} · class"))).to_be_visible()
    wait_idle(page)
    assert generate.settings(page)["image"] == [str(found["row"])]
    expect(ring).to_have_count(1)
    assert eventually(page, lambda: middle_of(ring) == pytest.approx((found["x"], found["y"]), abs=3))
    assert middle_of(ring) != before


def middle_of(element: Locator) -> tuple[float, float]:
    box = generate.box_of(element)
    return box.x + box.width / 2, box.y + box.height / 2


@pytest.mark.parametrize("look", ["gallery", "map", "curves", "scores"])
def test_nothing_overflows_at_900_pixels(app: AppServer, page: Page, look: str) -> None:
    page.set_viewport_size({"width": 900, "height": 900})
    page.emulate_media(color_scheme="dark")
    visit(page, app, normal="3", score="knn", look=look)
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
    assert page.get_by_text("Something went wrong").count() == 0
