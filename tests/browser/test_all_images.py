"""All images come onto the map by themselves, while what a person has done to it stays."""

from __future__ import annotations

import numpy as np
from playwright.sync_api import Page, expect

from tests.browser.conftest import StartApp
from tests.browser.drive import explore
from tests.browser.drive.visit import eventually

RANGES = """() => {
    const { xaxis, yaxis } = document.querySelector(".st-key-map_chart .js-plotly-plot")._fullLayout
    return [...xaxis.range, ...yaxis.range].map((end) => Math.round(1e6 * end) / 1e6)
}"""


def apart(one: list[float], other: list[float]) -> float:
    """How far the ends of two pieces of the map lie apart, as a share of its width; the line below the map may take a
    row of its height, and its sides keep their scale.
    """
    return float(np.abs(np.array(one) - np.array(other)).max() / (other[1] - other[0]))


def test_they_come_without_a_click_and_zoom_and_image_stay(page: Page, start_app: StartApp) -> None:
    server = start_app({"VAE_ALL_IMAGES": ""})
    explore.open_explore(page, server, "?model=digits-mlp-2&map=latent&row=17")
    expect(page.get_by_text("360 scikit-learn digits test images")).to_be_visible()
    expect(page.get_by_text("Adding 1,437 images")).to_be_visible()
    box = page.locator(".st-key-map_chart").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    before = page.evaluate(RANGES)
    for _ in range(5):
        page.mouse.wheel(0, -240)
        page.wait_for_timeout(120)
    assert eventually(page, lambda: apart(page.evaluate(RANGES), before) > 0.1)
    page.wait_for_timeout(300)  # until Plotly has told of it
    zoomed = page.evaluate(RANGES)
    expect(page.get_by_text("1,797 scikit-learn digits images")).to_be_visible(timeout=120_000)
    assert eventually(page, lambda: apart(page.evaluate(RANGES), zoomed) < 0.05, 10), (
        before,
        zoomed,
        page.evaluate(RANGES),
    )
    assert apart(page.evaluate(RANGES), before) > 0.1
    expect(page.get_by_text("class 5 · test image")).to_be_visible()
    assert "row=17" in page.url
    assert page.locator(".st-key-adding_images").count() == 0
    assert len(list(server.runs.glob("*/job.json"))) == 1
    page.reload()
    explore.wait_usable(page)
    expect(page.get_by_text("1,797 scikit-learn digits images")).to_be_visible()
    assert len(list(server.runs.glob("*/job.json"))) == 1  # it is never done twice
