"""What native_chart.js uses of Streamlit's and Plotly's front ends without their promise: each name is there, and true.

A failure here names what an upgrade has changed. The live decoder then still works alone; what must be mended is
`ui/components/native_map/native_chart.js`, and nothing else.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import StartApp
from tests.browser.drive import explore
from tests.browser.drive.server import PROJECT, AppServer
from tests.browser.drive.visit import eventually, open_page, wait_idle
from tests.ui.shared.test_page import HOSTILE, LINKS

DIGITS = "digits-mlp-8"
MEND = "Mend ui/components/native_map/native_chart.js, the only file that may use such names."
# In each, `chart` is the element that Plotly draws into, or null.
NAMES = {
    "stMain holds the page": "document.querySelector('[data-testid=\"stMain\"]').contains(chart)",
    ".st-key-<key> wraps one .js-plotly-plot": (
        "document.querySelectorAll('.st-key-map_chart .js-plotly-plot').length === 1"
    ),
    ".svg-container is in the chart": "chart.querySelector('.svg-container') !== null",
    ".svg-container is what overlays are placed in": (
        "getComputedStyle(chart.querySelector('.svg-container')).position === 'relative'"
    ),
    "chart.on": "typeof chart.on === 'function'",
    "chart.emit": "typeof chart.emit === 'function'",
    "chart.removeListener": "typeof chart.removeListener === 'function'",
    "chart._ev.listeners": "Array.isArray(chart._ev.listeners('plotly_click'))",
    "window.Plotly changes and prints it": (
        "[Plotly.relayout, Plotly.restyle, Plotly.toImage].every((change) => typeof change === 'function')"
    ),
    "chart.layout.meta is what Python said": "chart.layout.meta.map.endsWith(':pca:(0, 1)')",
    "chart.layout.<axis>.autorangeoptions is what Python said": (
        "['xaxis', 'yaxis'].every((axis) => chart.layout[axis].autorangeoptions.include.length === 2)"
    ),
    "each trace's meta is what Python said": "chart.data.map((trace) => trace.meta).join('') === '0123456789'",
    "data[0].marker.size": "chart.data[0].marker.size > 1",
    ".modebar is in .svg-container": "chart.querySelector('.svg-container .modebar') !== null",
    "_fullLayout.<axis>._offset": "axes.every((axis) => Number.isFinite(axis._offset))",
    "_fullLayout.<axis>._length": "axes.every((axis) => axis._length > 100)",
    "_fullLayout.height": "chart._fullLayout.height > 100",
    "_fullLayout.<axis>.range": "axes.every(({ range }) => range.length === 2 && range.every(Number.isFinite))",
    "_fullData has rows and their colours": (
        "chart._fullData.every(({ customdata, marker }) => Number.isInteger(customdata[0]) && "
        "/^#[0-9a-f]{6}$/.test(marker.color))"
    ),
    "_fullData has places": (
        "chart._fullData.every(({ customdata, x, y }) => "
        "[x, y].every((of) => of.length === customdata.length && Number.isFinite(of[0])))"
    ),
    "components live in a shadow root": "panel?.getRootNode() instanceof ShadowRoot",
    "theme variables are on the shadow root's host": (
        "/^(#|rgb|color|oklch)/.test(getComputedStyle(panel.getRootNode().host)"
        ".getPropertyValue('--st-primary-color').trim())"
    ),
}


@pytest.fixture
def digits(app: AppServer, page: Page) -> Page:
    """Explore with a digits model, on the PCA map."""
    explore.open_explore(page, app, f"?model={DIGITS}&map=pca")
    return page


def test_streamlit_is_the_version_these_contracts_were_checked_with() -> None:
    found = version("streamlit")
    assert found.startswith("1.67."), (
        f"Streamlit is {found}; requirements.txt pins 1.67. Before changing the pin run tests/browser. This file "
        "names what is gone for native_chart.js; drive/server.py waits for attributes of the front end; that pages/ "
        "and page links work on the first deep link was checked by hand (ui/shared/page.py)."
    )


def test_private_names_are_still_there(digits: Page) -> None:
    broken = digits.locator(".panel").evaluate(
        """(panel, [names, selector]) => {
            const chart = document.querySelector(selector)
            const axes = [chart?._fullLayout?.xaxis, chart?._fullLayout?.yaxis]
            const holds = new Function("panel", "chart", "axes", "test", "return eval(test)")
            return Object.entries(names).flatMap(([name, test]) => {
                try {
                    return holds(panel, chart, axes, test) ? [] : [name]
                } catch (error) {
                    return [`${name} (${error})`]
                }
            })
        }""",
        [NAMES, explore.CHART],
    )
    assert broken == [], f"Streamlit's or Plotly's front end no longer has: {'; '.join(broken)}. {MEND}"


def listen(page: Page, *names: str) -> None:
    """Write down what Plotly tells."""
    page.evaluate(
        """([selector, names]) => {
            const chart = document.querySelector(selector)
            const about = (point) => point && { row: point.customdata, x: point.x, y: point.y }
            window.heard = []
            window.listeners = names.map((name) => [
                name,
                (event) => window.heard.push({ name, point: about(event?.points?.[0]) }),
            ])
            for (const [name, handler] of window.listeners) chart.on(name, handler)
        }""",
        [explore.CHART, names],
    )


def heard(page: Page) -> dict[str, Any]:
    """The names of the events so far, each with the last point it was about."""
    return {event["name"]: event.get("point") for event in page.evaluate("window.heard")}


def test_events_tell_the_row_of_a_point_and_can_be_left(digits: Page) -> None:
    target = explore.lonely_point(digits)
    listen(digits, "plotly_click", "plotly_hover", "plotly_unhover")
    digits.mouse.move(target.x, target.y, steps=2)
    eventually(digits, lambda: "plotly_hover" in heard(digits))  # between frames (native_map/later_hover.js)
    digits.mouse.click(target.x, target.y)
    explore.settle(digits)
    events = heard(digits)
    for name in ("plotly_hover", "plotly_click"):
        assert name in events, f"Plotly no longer sends {name}. {MEND}"
        assert events[name]["row"] == target.row, f"customdata of {name} is {events[name]['row']!r}. {MEND}"
        assert isinstance(events[name]["x"], float)
    kept = digits.evaluate(
        """(selector) => {
            const chart = document.querySelector(selector)
            const there = window.listeners.every(([name, f]) => chart._ev.listeners(name).includes(f))
            for (const [name, handler] of window.listeners) chart.removeListener(name, handler)
            window.heard = []
            return [there, window.listeners.some(([name, f]) => chart._ev.listeners(name).includes(f))]
        }""",
        explore.CHART,
    )
    assert kept == [True, False], f"chart._ev.listeners or removeListener has changed. {MEND}"
    digits.mouse.click(target.x, target.y)
    digits.mouse.move(target.x, target.y + 300)
    digits.wait_for_timeout(200)
    assert heard(digits) == {}


def test_events_tell_that_the_axes_change(digits: Page) -> None:
    middle = explore.lonely_point(digits)
    digits.mouse.move(middle.x, middle.y)
    names = ("plotly_relayouting", "plotly_relayout", "plotly_afterplot")
    listen(digits, *names)
    digits.mouse.wheel(0, -300)
    eventually(digits, lambda: set(names) <= heard(digits).keys())
    missing = set(names) - heard(digits).keys()
    assert not missing, f"Plotly no longer sends {missing} while the map is zoomed. {MEND}"


# --- what is built on them --------------------------------------------------------------------------------------------


def marker_is_at(page: Page, target: explore.Point) -> None:
    """The marker is where a point of the map is drawn."""
    box = page.get_by_test_id("you-are-here").bounding_box()
    assert box is not None
    found = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert found == pytest.approx((target.x, target.y), abs=3)


def test_marker_and_clicks_go_on_when_the_map_is_another(digits: Page) -> None:
    for name in ("PCA", "t-SNE", "PCA"):
        digits.get_by_role("radio", name=name).check(force=True)
        wait_idle(digits)
        explore.wait_usable(digits)
        target = explore.lonely_point(digits)
        digits.mouse.click(target.x, target.y)
        expect(digits.locator(".panel")).to_have_attribute("data-row", str(target.row))
        expect(digits.get_by_test_id("you-are-here")).to_have_count(1)
        marker_is_at(digits, target)
        explore.settle(digits)


def test_a_point_under_the_mouse_is_previewed(digits: Page) -> None:
    preview = digits.get_by_test_id("hover-preview")
    expect(preview).to_be_hidden()
    target = explore.lonely_point(digits)
    digits.mouse.move(target.x - 5, target.y)
    digits.mouse.move(target.x, target.y, steps=4)
    expect(preview).to_be_visible()
    pixels = preview.evaluate(
        "(canvas) => Array.from(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data)"
    )
    assert len(pixels) == 8 * 8 * 4
    assert max(pixels[::4]) > 100
    expect(digits.locator(".panel")).to_have_attribute("data-row", "")  # looking selects nothing
    digits.mouse.click(target.x, target.y)
    expect(digits.locator(".panel")).to_have_attribute("data-row", str(target.row))
    np.testing.assert_array_equal(pixels[::4], explore.picture(digits, "decoded"))
    digits.mouse.move(5, 5)
    expect(preview).to_be_hidden()


def the_decoder_works_alone(page: Page) -> None:
    before = explore.picture(page, "decoded")
    explore.slider(page).focus()
    page.keyboard.press("Shift+ArrowRight")
    assert eventually(page, lambda: explore.picture(page, "decoded") != before)
    page.get_by_label("Select an image by its row").fill("5")
    page.keyboard.press("Enter")
    expect(page.locator(".panel")).to_have_attribute("data-row", "5")
    explore.settle(page)
    assert max(explore.picture(page, "original")) > 100
    assert "row=5" in page.url


def test_without_the_chart_the_sliders_still_decode(digits: Page, console_errors: list[str]) -> None:
    digits.evaluate("selector => document.querySelector(selector).remove()", explore.CHART)
    the_decoder_works_alone(digits)
    assert console_errors == []


def test_where_plotly_cannot_be_loaded_the_sliders_still_decode(app: AppServer, page: Page) -> None:
    refused: list[str] = []
    page.on("requestfailed", lambda request: refused.append(request.url))
    page.route(lambda url: "/static/js/PlotlyChart" in url, lambda route: route.abort())
    open_page(page, app, f"?model={DIGITS}")
    page.wait_for_selector(explore.PANEL)
    assert refused
    assert page.locator(".js-plotly-plot").count() == 0
    the_decoder_works_alone(page)


def test_markdown_shows_foreign_text_as_it_is(start_app: StartApp, page: Page, tmp_path: Path) -> None:
    """`ui.shared.page.escape` against Streamlit's Markdown itself."""
    texts = [*HOSTILE, *(f"see {link} there" for link in LINKS)]
    script = tmp_path / "show.py"
    script.write_text(
        "import streamlit as st\nfrom ui.shared.page import escape\n"
        f"for text in {texts!r}:\n    st.warning(escape(text))\nst.warning('*marked*')\n",
        encoding="utf-8",
    )
    open_page(page, start_app({"PYTHONPATH": str(PROJECT)}, script))
    boxes = page.get_by_test_id("stAlert").get_by_test_id("stMarkdownContainer")
    expect(boxes).to_have_count(len(texts) + 1)
    shown = boxes.evaluate_all(
        "all => all.map((e) => [e.innerText, e.querySelectorAll('p > *, :scope > :not(p)').length])"
    )
    for text, (said, elements) in zip(texts, shown, strict=False):
        assert said.replace("\u2060", "") == text
        assert elements == 0, f"{text!r} is shown with other elements than text"
    assert shown[-1] == ["marked", 1]  # the check itself sees markup
