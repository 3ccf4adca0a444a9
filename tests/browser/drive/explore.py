"""Explore as tests and benchmarks drive it: open, find points, drag sliders, read what is shown."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from tests.browser.drive.server import AppServer
from tests.browser.drive.visit import open_page, wait_idle

CHART = ".st-key-map_chart .js-plotly-plot"
PANEL = ".panel[data-ready='yes']"


@dataclass(frozen=True)
class Point:
    """A point of the map: its row, and where it is in the window, in CSS pixels."""

    row: int
    x: float
    y: float


def open_explore(page: Page, server: AppServer, query: str = "") -> None:
    """Visit Explore, as somebody who has read the first steps, and wait until the map and the sliders can be used."""
    page.add_init_script("localStorage.setItem('latent-explorer-first-steps', 'dismissed')")
    open_page(page, server, query)
    wait_usable(page)


def wait_first_map(page: Page) -> None:
    """Wait until the points are seen, be it before Plotly is there, and decoded by a decoder that has its weights."""
    page.wait_for_selector(PANEL, timeout=60_000)
    before = ".point-cloud[data-drawn]:not([data-drawn='0'])"
    page.wait_for_selector(f"{before}, {CHART} .svg-container .gl-canvas", state="attached", timeout=60_000)


def wait_usable(page: Page) -> None:
    """Wait until Plotly's map is drawn and the decoder has its weights."""
    page.wait_for_selector(f"{CHART} .svg-container", timeout=60_000)
    page.wait_for_selector(PANEL, timeout=60_000)
    page.wait_for_function("selector => document.querySelector(selector)?._fullLayout?.xaxis?._length > 0", arg=CHART)


def point(page: Page, trace: int, index: int) -> Point:
    """Where point `index` of class trace `trace` is now."""
    found = page.evaluate(
        """([selector, trace, index]) => {
            const chart = document.querySelector(selector);
            const { xaxis, yaxis } = chart._fullLayout;
            const data = chart._fullData[trace];
            const box = chart.getBoundingClientRect();
            return {
                row: data.customdata[index],
                x: box.left + xaxis._offset + xaxis.l2p(data.x[index]),
                y: box.top + yaxis._offset + yaxis.l2p(data.y[index]),
            };
        }""",
        [CHART, trace, index],
    )
    return Point(int(found["row"]), float(found["x"]), float(found["y"]))


def lonely_point(page: Page) -> Point:
    """A visible point with no other within 12 pixels, so that a click on it is unambiguous."""
    found = page.evaluate(
        """(selector) => {
            const chart = document.querySelector(selector);
            const { xaxis, yaxis } = chart._fullLayout;
            const box = chart.getBoundingClientRect();
            const points = chart._fullData.flatMap((data) => Array.from(data.x, (x, i) => ({
                row: data.customdata[i], x: xaxis.l2p(x), y: yaxis.l2p(data.y[i]),
            }))).filter(({ x, y }) => x > 20 && y > 20 && x < xaxis._length - 20 && y < yaxis._length - 20);
            const lonely = points.find((p) => points.every((q) => p === q || Math.hypot(p.x - q.x, p.y - q.y) > 12));
            return { row: lonely.row, x: box.left + xaxis._offset + lonely.x, y: box.top + yaxis._offset + lonely.y };
        }""",
        CHART,
    )
    return Point(int(found["row"]), float(found["x"]), float(found["y"]))


def ranges(page: Page) -> list[float]:
    """The map's axis ranges: what zoom and pan change."""
    found: list[float] = page.evaluate(
        """(selector) => {
            const { xaxis, yaxis } = document.querySelector(selector)._fullLayout;
            return [...xaxis.range, ...yaxis.range];
        }""",
        CHART,
    )
    return found


def slider(page: Page, place: int = 0) -> Locator:
    """The range of the `place`-th slider, most informative dimension first."""
    return page.locator(".slider input[type=range]").nth(place)


def slider_values(page: Page) -> list[float]:
    """The values that the sliders show, in the order shown."""
    values: list[float] = page.locator(".slider input[type=range]").evaluate_all(
        "all => all.map((e) => e.valueAsNumber)"
    )
    return values


def grab(page: Page, place: int = 0) -> tuple[float, float, float]:
    """Press the mouse on a slider's thumb; returns (left, right, y) of its track in window pixels."""
    handle = slider(page, place)
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    assert box is not None
    share = float(handle.evaluate("e => (e.valueAsNumber - e.min) / (e.max - e.min)"))
    left, right, y = box["x"] + 8, box["x"] + box["width"] - 8, box["y"] + box["height"] / 2
    page.mouse.move(left + share * (right - left), y)
    page.mouse.down()
    return left, right, y


def picture(page: Page, name: str) -> list[int]:
    """The red channel of a canvas (`original`, `decoded` or `difference`), row by row, once it is there."""
    if name != "decoded":
        expect(page.locator(f".{name}-absent")).to_be_empty()
    values: list[int] = page.locator(f"canvas.{name}").evaluate(
        """(canvas) => {
            const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            return Array.from({ length: data.length / 4 }, (_, i) => data[4 * i]);
        }"""
    )
    return values


def settle(page: Page) -> None:
    """Wait for what Python answers to the last move."""
    page.wait_for_timeout(150)
    wait_idle(page)
