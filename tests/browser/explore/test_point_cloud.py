"""A map of 60,000 points: drawn in the page under Plotly's axes, and clicked as if they were Plotly's."""

from __future__ import annotations

import base64

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page
from plotly.offline import get_plotlyjs

from tests.browser.drive import modules
from ui.explore import many_points
from ui.palette import CLASS_COLOURS
from ui.shared import figures
from ui.shared.figures import Axis

LONELY = 59_998  # the row of a point far from all others
NAMES = ("dense", "lonely")
DRAW = """async ([figure, xy]) => {
    document.body.insertAdjacentHTML("afterbegin", `<div class="st-key-map" style="width:600px;height:500px">
        <div id="chart" style="width:600px;height:500px"></div></div>`)
    await Plotly.newPlot("chart", figure.data, { ...figure.layout, width: 600, height: 500 }, { scrollZoom: true })
    const mu = new Float32Array(Uint8Array.from(atob(xy), (c) => c.charCodeAt(0)).buffer)
    const model = { fingerprint: "f", latent_dim: 2, tensors: { mu: { data: mu } } }
    window.latentSpaceExplorer.models.set("f", model)
    window.clicked = []
    window.hovered = []
    document.querySelector("#chart").on("plotly_click", (event) => clicked.push(event.points[0].customdata))
    document.querySelector("#chart").on("plotly_hover", (event) => hovered.push(event.points[0].customdata))
}"""
# Where a place of the map is, in the window, and the colour that the cloud has there.
LOOK = """([x, y]) => {
    const chart = document.querySelector("#chart")
    const { xaxis, yaxis } = chart._fullLayout
    const [left, top] = [xaxis.l2p(x), yaxis.l2p(y)]
    const box = chart.getBoundingClientRect()
    const at = { left: box.left + xaxis._offset + left, top: box.top + yaxis._offset + top }
    const canvas = document.querySelector("[data-testid=point-cloud]")
    const picture = canvas.getBoundingClientRect()
    const data = canvas.getContext("2d").getImageData(at.left - picture.left, at.top - picture.top, 1, 1).data
    return { ...at, colour: [...data] }
}"""
# What is seen of the cloud's picture through its window, and whether it is one that was drawn since `__drawn` was set.
SEEN = """() => {
    const canvas = document.querySelector("[data-testid=point-cloud]")
    const [seen, picture] = [canvas.parentElement, canvas].map((element) => element.getBoundingClientRect())
    const [left, top] = [seen.left - picture.left, seen.top - picture.top].map(Math.round)
    const { data } = canvas.getContext("2d").getImageData(left, top, Math.floor(seen.width), Math.floor(seen.height))
    const words = new Uint32Array(data.buffer)
    return { width: Math.floor(seen.width), sums: [...words].map((word) => word >>> 24), left, top }
}"""
DRAWN = "document.querySelector('.point-cloud').dataset.drawn"


def shown(page: Page) -> NDArray[np.float32]:
    """Draw 59,999 of 60,000 points around the origin, one of them, of a class of its own, far from all others."""
    rng = np.random.default_rng(1)
    xy = rng.normal(size=(60_000, 2)).astype(np.float32)
    xy[LONELY] = (9, -9)
    labels = np.zeros(60_000, np.int64)
    labels[LONELY] = 1
    rows = np.arange(59_999, dtype=np.int32)  # the last image is of a split that is not shown
    figure = figures.class_map(xy[rows], labels[rows], NAMES, (Axis("across"), Axis("up")))
    figure.update_layout(meta={"map": "m", "cloud": "c"}, height=None)
    made = many_points.split(figures.numbered(figure, rows), 60_000)
    assert not made.in_figure
    modules.mount(page, "point_cloud/cloud_entry.js")
    page.evaluate("root.innerHTML = '<div class=\"point-cloud\"></div>'")
    page.add_script_tag(content=get_plotlyjs())
    page.evaluate("window.latentSpaceExplorer ??= { models: new Map(), waiting: new Map() }")
    page.evaluate(DRAW, [made.figure.to_plotly_json(), base64.b64encode(xy.tobytes()).decode()])
    cloud = {
        "name": "c",
        "chart_key": "map",
        "fingerprint": "f",
        "map": {"method": "latent", "axes": [0, 1]},
        "codes": many_points.as_text(made.cloud.codes),
        "traces": many_points.as_text(made.cloud.traces),
        "palette": list(made.cloud.palette),
        "in_figure": False,
        "stand_in": None,
    }
    page.evaluate("(data) => receive(data)", cloud)
    page.wait_for_function(f"{DRAWN} === '59999'")
    return xy


def test_points_beyond_plotlys_number_are_drawn_hidden_and_clicked(page: Page) -> None:
    xy = shown(page)
    there = page.evaluate(LOOK, [9, -9])
    colour = bytes.fromhex(CLASS_COLOURS[1].lstrip("#"))
    # a single point among many thousands is faint, in its own colour
    np.testing.assert_allclose(there["colour"][:3], list(colour), atol=4)
    assert there["colour"][3] > 60
    page.mouse.move(there["left"] + 3, there["top"])
    page.mouse.click(there["left"] + 3, there["top"])
    assert page.evaluate("[clicked, hovered]") == [[LONELY], [LONELY]]
    page.mouse.click(there["left"] - 60, there["top"] - 60)  # where nothing is
    assert page.evaluate("clicked") == [LONELY]

    page.evaluate("Plotly.relayout('chart', { 'xaxis.range': [-0.2, 0.2], 'yaxis.range': [-0.2, 0.2] })")
    inside = int((np.abs(xy[:59_999]) < 0.2).all(1).sum())
    page.wait_for_function(f"Number({DRAWN}) >= {inside} && Number({DRAWN}) < 5 * {inside}")

    page.evaluate("Plotly.restyle('chart', { visible: [false, true] })")
    page.wait_for_function(f"{DRAWN} === '0'")
    page.evaluate("Plotly.relayout('chart', { 'xaxis.range': [-12, 12], 'yaxis.range': [-12, 12] })")
    page.wait_for_function(f"{DRAWN} === '1'")


def drag(page: Page, across: float, along: float) -> None:
    """Move the map by hand, and keep the button down."""
    page.mouse.move(300, 250)
    page.mouse.down()
    page.mouse.move(300 + across / 2, 250 + along / 2)
    page.mouse.move(300 + across, 250 + along)


def test_a_map_that_is_dragged_moves_its_picture_and_rests_on_a_new_one(page: Page) -> None:
    shown(page)
    page.evaluate("Plotly.relayout('chart', { dragmode: 'pan' })")
    page.wait_for_timeout(300)
    before = page.evaluate(SEEN)
    place = page.evaluate(LOOK, [9, -9])
    page.evaluate("document.querySelector('.point-cloud').dataset.drawn = 'as before'")
    drag(page, -24, 10)
    page.evaluate("() => new Promise(requestAnimationFrame)")
    moved = page.evaluate(LOOK, [9, -9])
    # under the hand nothing is drawn: the same picture is elsewhere, with its points where the axes have them
    assert page.evaluate(DRAWN) == "as before"
    assert (round(moved["left"] - place["left"]), round(moved["top"] - place["top"])) == (-24, 10)
    assert moved["colour"] == place["colour"]
    page.mouse.up()
    page.wait_for_function(f"Number({DRAWN}) > 0")
    after = page.evaluate(SEEN)
    wide = before["width"]
    one, other = (np.array(seen["sums"], np.int32).reshape(-1, wide) for seen in (before, after))
    # what was seen before is seen as it was, 24 to the left and 10 lower: cells lie on the map
    np.testing.assert_array_equal(one[: len(one) - 12, 26:] > 0, other[10:-2, 2 : wide - 24] > 0)


def test_a_map_that_is_dragged_far_has_points_at_its_edge(page: Page) -> None:
    shown(page)
    page.evaluate("Plotly.relayout('chart', { dragmode: 'pan', 'xaxis.range': [-1, 1], 'yaxis.range': [-1, 1] })")
    page.wait_for_timeout(300)
    drag(page, 280, 0)
    page.evaluate("() => new Promise(requestAnimationFrame)")
    seen = page.evaluate(SEEN)
    opacity = np.array(seen["sums"]).reshape(-1, seen["width"])
    assert (opacity[:, :40] > 0).mean() > 0.1
    page.mouse.up()
