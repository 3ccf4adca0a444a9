"""Two models side by side on Explore: one image selected in both, many selected in both, and what is in view."""

from __future__ import annotations

import re

import numpy as np
from playwright.sync_api import Page, expect

from tests.browser.drive import explore, generate
from tests.browser.drive.server import AppServer
from tests.browser.drive.visit import eventually, open_page, wait_idle
from vae.checkpoints import checkpoint_files
from vae.comparison import same_images
from vae.storage import paths

Shares = tuple[tuple[float, float], ...]
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


FRAME = """(selector) => {
    const chart = document.querySelector(selector)
    chart.scrollIntoView()
    const { xaxis, yaxis } = chart._fullLayout
    const box = chart.getBoundingClientRect()
    return [box.left + xaxis._offset, box.top + yaxis._offset, xaxis._length, yaxis._length,
            ...xaxis.range, ...yaxis.range]
}"""


def frame(page: Page, chart: str) -> list[float]:
    """Of a chart's axes: left, top, width and height in the window, and both ranges."""
    found: list[float] = page.evaluate(FRAME, chart)
    return found


def drag(page: Page, chart: str, shares: Shares) -> None:
    """Over places of a map, as shares of its axes from the upper left."""
    left, top, width, height, *_ = frame(page, chart)
    first, *others = [(left + x * width, top + y * height) for x, y in shares]
    page.mouse.move(*first)
    page.mouse.down()
    for place in others:
        page.mouse.move(*place, steps=5)
    page.mouse.up()


def veil_at(page: Page, chart: str, veil: str, row: int) -> int | None:
    """How opaque the veil is in the middle of a row's point: None where no veil is, or the point is out of view."""
    found: int | None = page.evaluate(
        """([selector, veil, row]) => {
            const chart = document.querySelector(selector)
            const canvas = chart.querySelector(`[data-testid="${veil}"]`)
            const { xaxis, yaxis } = chart._fullLayout
            for (const data of canvas ? chart._fullData : []) {
                const i = Array.from(data.customdata).indexOf(row)
                if (i < 0) continue
                const [x, y] = [xaxis.l2p(data.x[i]), yaxis.l2p(data.y[i])]
                if (x < 0 || y < 0 || x > xaxis._length || y > yaxis._length) return null
                const ratio = canvas.width / canvas.getBoundingClientRect().width
                return canvas.getContext("2d").getImageData(Math.round(x * ratio), Math.round(y * ratio), 1, 1).data[3]
            }
            return null
        }""",
        [chart, veil, row],
    )
    return found


def compared(page: Page, app: AppServer, method: str = "pca") -> None:
    page.add_init_script("localStorage.setItem('latent-explorer-first-steps', 'dismissed')")
    open_page(page, app, f"?model={DIGITS}&map={method}&beside={BESIDE}")
    page.wait_for_selector(f"{explore.CHART} .svg-container")
    page.wait_for_selector(f"{OTHER_MAP} .svg-container")
    page.locator(OTHER_MAP).scroll_into_view_if_needed()
    explore.settle(page)


def test_a_lasso_on_either_map_is_seen_at_once_on_the_other(page: Page, app: AppServer) -> None:
    count = page.locator(".tools .count")
    compared(page, app)
    page.get_by_role("button", name="Box").click()
    drag(page, explore.CHART, ((0.3, 0.3), (0.6, 0.7)))
    expect(count).to_contain_text("selected")
    explore.settle(page)
    rows = selected_rows(page)
    outside = next(row for row in range(300) if row not in rows)
    inside = min(rows)
    assert eventually(page, lambda: (veil_at(page, OTHER_MAP, "linked-veil", inside) or 0) < 100)
    assert (veil_at(page, OTHER_MAP, "linked-veil", outside) or 0) > 100
    # the other way round: what is drawn around there is selected here
    drag(page, OTHER_MAP, ((0.35, 0.3), (0.6, 0.7)))
    assert eventually(page, lambda: bool(selected_rows(page)) and selected_rows(page) != rows)
    left, _, width, _, x0, x1, y0, y1 = frame(page, OTHER_MAP)
    assert width > 0 < left
    places = page.evaluate(
        """(selector) => Object.fromEntries(document.querySelector(selector)._fullData.flatMap(
            (data) => Array.from(data.customdata, (row, i) => [row, [data.x[i], data.y[i]]])))""",
        OTHER_MAP,
    )
    shares = {int(row): ((x - x0) / (x1 - x0), 1 - (y - y0) / (y1 - y0)) for row, (x, y) in places.items()}
    within = {row for row, (x, y) in shares.items() if 0.36 < x < 0.59 and 0.31 < y < 0.69}
    around = {row for row, (x, y) in shares.items() if 0.34 < x < 0.61 and 0.29 < y < 0.71}
    assert eventually(page, lambda: within <= selected_rows(page) <= around)
    inside, outside = min(within), min(set(shares) - around)
    assert (veil_at(page, explore.CHART, "selection-veil", inside) or 0) < 100
    assert (veil_at(page, explore.CHART, "selection-veil", outside) or 0) > 100


def selected_rows(page: Page) -> set[int]:
    """Which images the page has selected."""
    found: list[int] = page.evaluate(
        "Array.from(window.latentSpaceSelection.now.rows).flatMap((is, row) => (is ? [row] : []))"
    )
    return set(found)


def test_the_image_under_the_pointer_is_marked_on_the_other_map(page: Page, app: AppServer) -> None:
    compared(page, app)
    here = explore.lonely_point(page)
    page.mouse.move(here.x, here.y, steps=3)
    mark = page.get_by_test_id("same-image-here")
    expect(mark).to_have_attribute("data-row", str(here.row))
    expect(mark).to_be_visible()
    page.mouse.move(5, 5)
    expect(mark).to_be_hidden()


def test_both_maps_move_together_where_one_lies_well_on_the_other(page: Page, app: AppServer) -> None:
    compared(page, app)
    caption = page.locator(".st-key-comparison").get_by_text("B's map (PCA)")
    expect(caption).to_contain_text("laid on the large map (")
    whole = frame(page, OTHER_MAP)[4:]
    together = "both move together" in caption.inner_text()
    left, top, width, height, *_ = frame(page, explore.CHART)
    page.mouse.move(left + 0.4 * width, top + 0.4 * height)
    for _ in range(5):
        page.mouse.wheel(0, -300)
        page.wait_for_timeout(50)
    assert eventually(page, lambda: page.get_by_test_id("linked-veil").count() == 1)  # what is in view stands out
    explore.settle(page)
    if not together:
        assert frame(page, OTHER_MAP)[4:] == whole
        return

    def middle(chart: str) -> np.ndarray:
        x0, x1, y0, y1 = frame(page, chart)[4:]
        return np.array([(x0 + x1) / 2, (y0 + y1) / 2, np.sqrt((x1 - x0) * (y1 - y0))])

    assert eventually(page, lambda: np.allclose(middle(OTHER_MAP), middle(explore.CHART), rtol=1e-3, atol=1e-3))
    before = middle(explore.CHART)
    drag(page, OTHER_MAP, ((0.5, 0.5), (0.3, 0.4)))
    assert eventually(page, lambda: not np.allclose(middle(explore.CHART), before, atol=1e-3))
    assert eventually(page, lambda: np.allclose(middle(OTHER_MAP), middle(explore.CHART), rtol=1e-3, atol=1e-3))
    assert np.isclose(middle(explore.CHART)[2], before[2], rtol=1e-3)  # a drag does not zoom
