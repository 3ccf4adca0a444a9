"""What native_chart.js does to a chart that Streamlit has not given its size yet."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.drive import modules

# As Streamlit's chart looks to it: it is drawn 450 pixels high where there is room for 700.
CHART = """() => {
    document.body.innerHTML = `<div class="st-key-map" style="height: 700px">
        <div class="js-plotly-plot"><div class="svg-container"></div></div></div>`
    const chart = document.querySelector(".js-plotly-plot")
    const handlers = {}
    Object.assign(chart, { on: (name, handler) => { handlers[name] = handler }, removeListener: () => {} })
    Object.assign(chart, { data: [], _fullLayout: { height: 450 } })
    window.asked = []
    window.Plotly = { relayout: (_, changes) => asked.push(changes) }
    window.map = new NativeChart("map", {}, () => {})
    window.drawn = (height) => {
        chart._fullLayout.height = height
        handlers.plotly_afterplot()
    }
    window.isSeen = () => getComputedStyle(document.querySelector(".svg-container")).visibility === "visible"
}"""
ZOOM = "[[0, 1], [2, 3]]"


def test_a_zoom_waits_for_the_charts_size_and_never_changes_it(page: Page) -> None:
    """Told a height by Plotly before it knew it, Streamlit drew two figures in turns, and the page stood still."""
    modules.load(page, "native_map/native_chart.js")
    page.evaluate(CHART)
    page.evaluate(f"map.arrange({ZOOM})")
    assert page.evaluate("[asked.length, isSeen()]") == [0, False]
    page.evaluate("drawn(450)")
    assert page.evaluate("[asked.length, isSeen()]") == [0, False]
    page.evaluate("drawn(700.4)")
    assert page.evaluate("[asked, isSeen()]") == [[{"xaxis.range": [0, 1], "yaxis.range": [2, 3]}], True]
    page.evaluate("drawn(700.4)")
    assert page.evaluate("asked.length") == 1


def test_a_chart_that_never_gets_its_size_is_shown(page: Page) -> None:
    modules.load(page, "native_map/native_chart.js")
    page.evaluate(CHART)
    page.evaluate("map.arrange(null)")
    assert page.evaluate("isSeen()") is False
    page.wait_for_function("isSeen()")
    assert page.evaluate("asked") == []


def test_a_chart_is_not_left_unseen_by_who_leaves_it(page: Page) -> None:
    """Another model's panel follows the one that has hidden the map, and leaves its first figure as it comes."""
    modules.load(page, "native_map/native_chart.js")
    page.evaluate(CHART)
    page.evaluate("map.arrange(null)")
    assert page.evaluate("isSeen()") is False
    page.evaluate("map.close()")
    assert page.evaluate("isSeen()") is True
