"""Two models side by side on Explore: one image selected in both."""

from __future__ import annotations

import re

import numpy as np
from playwright.sync_api import Page, expect

from tests.browser.drive import explore, generate
from tests.browser.drive.server import AppServer
from tests.browser.drive.visit import eventually, wait_idle
from vae.checkpoints import checkpoint_files
from vae.comparison import same_images
from vae.storage import paths

DIGITS, BESIDE = "digits-mlp-8", "digits-mlp-2"
OTHER_MAP = "[class*='st-key-comparison-map'] .js-plotly-plot"


def test_an_image_is_selected_in_both_models(page: Page, app: AppServer) -> None:
    a, b = (checkpoint_files.read(name, paths.PROJECT / "checkpoints") for name in (DIGITS, BESIDE))
    changed = same_images.neighbourhoods_of(a, b).changed_most(10)
    explore.open_explore(page, app, f"?model={DIGITS}&map=pca&row=30")
    page.get_by_role("combobox", name="Compare with").click()
    page.get_by_role("option", name=BESIDE).click()
    expect(page).to_have_url(re.compile(f"beside={BESIDE}"))
    comparison = page.locator(".st-key-comparison")
    expect(comparison).to_contain_text(f"A {DIGITS} · B {BESIDE}")
    # a picture of those that changed most selects its image on both maps
    generate.click_only(page, "comparison-changed", 12)  # the second row is of reconstructions
    expect(page).to_have_url(re.compile(f"row={changed[2]}(&|$)"))
    expect(comparison).to_contain_text(f"Row {changed[2]}")
    rings = page.get_by_test_id("you-are-here")
    expect(rings).to_have_count(2)
    wait_idle(page)
    # and so does an image on the other model's map
    place = page.evaluate(
        """(selector) => {
            const chart = document.querySelector(selector)
            chart.scrollIntoView()
            const { xaxis, yaxis } = chart._fullLayout
            const points = chart._fullData.flatMap((data) => Array.from(data.x, (x, i) => (
                { row: data.customdata[i], x: xaxis.l2p(x), y: yaxis.l2p(data.y[i]) })))
            const lonely = points.find((p) => points.every((q) => p === q || Math.hypot(p.x - q.x, p.y - q.y) > 8))
            const box = chart.getBoundingClientRect()
            return { row: lonely.row, x: box.left + xaxis._offset + lonely.x, y: box.top + yaxis._offset + lonely.y }
        }""",
        OTHER_MAP,
    )
    page.mouse.move(place["x"], place["y"], steps=3)
    expect(page.locator(f"{OTHER_MAP} .hovertext")).to_contain_text(f"row {place['row']}")
    page.mouse.click(place["x"], place["y"])
    expect(page).to_have_url(re.compile(f"row={place['row']}(&|$)"))
    expect(comparison).to_contain_text(f"Row {place['row']}")
    ring = page.locator(OTHER_MAP).get_by_test_id("you-are-here")

    def ringed() -> bool:
        found = ring.bounding_box()
        assert found is not None
        middle = (found["x"] + found["width"] / 2, found["y"] + found["height"] / 2)
        return bool(np.allclose(middle, (place["x"], place["y"]), atol=3))

    assert eventually(page, ringed)
    page.get_by_role("button", name="Colour the map").click()
    expect(page).to_have_url(re.compile("colour=beside"))
    expect(page.locator(explore.CHART)).to_contain_text("kept neighbours")
    page.go_back()
    expect(page).not_to_have_url(re.compile("colour=beside"))
    comparison.get_by_role("button", name="Close").click()
    expect(page.locator(explore.PANEL)).to_be_visible()
    expect(page).not_to_have_url(re.compile("beside="))
    expect(page).to_have_url(re.compile(f"row={place['row']}(&|$)"))
