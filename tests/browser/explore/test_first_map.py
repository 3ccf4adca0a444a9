"""Explore before Plotly's script is read: the map is seen, decoded and clicked, and Plotly's takes its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.drive import explore
from tests.browser.drive.server import AppServer
from tests.browser.drive.visit import eventually, wait_idle

STAND_IN = ".map-stand-in"
# Where a chart's axes are: ranges, and their places in the window.
AXES = """(selector) => {
    const chart = document.querySelector(selector)
    const box = chart.getBoundingClientRect()
    const { xaxis, yaxis } = chart._fullLayout
    return [
        box.left + xaxis._offset, box.top + yaxis._offset, xaxis._length, yaxis._length, ...xaxis.range, ...yaxis.range,
    ]
}"""
# A point of the map with no other near it: {row, x, y} in the window.
LONELY = """([selector, method]) => {
    const [left, top, width, height, x0, x1, y0, y1] = (AXES)(selector)
    const [model] = window.latentSpaceExplorer.models.values()
    const xy = model.tensors[`${method}.xy`].data
    const all = Array.from({ length: xy.length / 2 }, (_, row) => ({
        row,
        x: left + (width * (xy[2 * row] - x0)) / (x1 - x0),
        y: top + height * (1 - (xy[2 * row + 1] - y0) / (y1 - y0)),
    }))
    return all.find((p) => all.every((q) => p === q || Math.hypot(p.x - q.x, p.y - q.y) > 10))
}""".replace("AXES", AXES)


@pytest.fixture
def held(page: Page) -> Iterator[Callable[[], None]]:
    """Plotly's script is held back until this is called."""
    waiting: list[Route] = []
    released = False

    def handle(route: Route) -> None:
        if released:
            route.continue_()
        else:
            waiting.append(route)

    def release() -> None:
        nonlocal released
        released = True
        for route in waiting:
            route.continue_()
        waiting.clear()

    page.route("**/PlotlyChart.*.js", handle)
    yield release
    release()


@pytest.mark.parametrize(
    "query",
    ["?model=digits-mlp-8&map=tsne", "?model=digits-mlp-2&map=latent", "?model=mnist-conv-16&map=pca&colour=kl"],
)
def test_the_map_is_used_before_plotly_is_there_which_takes_its_place(
    app: AppServer, page: Page, held: Callable[[], None], query: str
) -> None:
    page.add_init_script("localStorage.setItem('latent-explorer-first-steps', 'dismissed')")
    page.goto(f"{app.url}/{query}")
    explore.wait_first_map(page)
    expect(page.locator(".js-plotly-plot")).to_have_count(0)
    before, axes = explore.picture(page, "decoded"), page.evaluate(AXES, STAND_IN)
    page.mouse.move(axes[0] + axes[2] / 3, axes[1] + axes[3] / 3)
    assert eventually(page, lambda: explore.picture(page, "decoded") != before)
    expect(page.get_by_role("region", name="Picture shown")).to_contain_text("At the pointer")
    if "tsne" in query:
        point = page.evaluate(LONELY, [STAND_IN, "tsne"])
        page.mouse.click(point["x"], point["y"])
        expect(page.locator(".panel")).to_have_attribute("data-row", str(point["row"]))
    page.mouse.move(5, 5)
    held()
    explore.wait_usable(page)
    wait_idle(page)
    expect(page.locator(STAND_IN)).to_have_count(0)
    # each point stays where it was seen
    np.testing.assert_allclose(page.evaluate(AXES, explore.CHART), axes, atol=20 if "kl" in query else 1.5)
    assert page.evaluate("document.querySelector('[data-testid=point-cloud]').width") > 0
    expect(page.locator(".point-cloud")).to_have_attribute("data-drawn", "0")  # they are Plotly's now
    if "tsne" in query:
        expect(page.locator(".panel")).to_have_attribute("data-row", str(point["row"]))
        expect(page.get_by_test_id("you-are-here")).to_be_visible()


def test_a_class_hidden_before_plotly_is_there_stays_hidden(
    app: AppServer, page: Page, held: Callable[[], None]
) -> None:
    page.goto(f"{app.url}/?model=digits-mlp-8&map=tsne")
    explore.wait_first_map(page)
    drawn = page.locator(".point-cloud")
    count = int(drawn.get_attribute("data-drawn") or 0)
    page.get_by_role("button", name="3", exact=True).click()
    assert eventually(page, lambda: 0 < int(drawn.get_attribute("data-drawn") or 0) < count)
    held()
    explore.wait_usable(page)
    wait_idle(page)
    shown = page.evaluate("(selector) => document.querySelector(selector).data.map((t) => t.visible)", explore.CHART)
    assert [visible is not False for visible in shown] == [name != 3 for name in range(10)]
