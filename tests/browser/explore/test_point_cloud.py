"""A map of 60,000 points: drawn in the page under Plotly's axes, and clicked as if they were Plotly's."""

from __future__ import annotations

import base64

import numpy as np
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
    const canvas = document.querySelector("[data-testid=point-cloud]")
    const data = canvas.getContext("2d").getImageData(left, top, 1, 1).data
    const box = chart.getBoundingClientRect()
    return { left: box.left + xaxis._offset + left, top: box.top + yaxis._offset + top, colour: [...data] }
}"""
DRAWN = "document.querySelector('.point-cloud').dataset.drawn"


def test_points_beyond_plotlys_number_are_drawn_hidden_and_clicked(page: Page) -> None:
    rng = np.random.default_rng(1)
    xy = rng.normal(size=(60_000, 2)).astype(np.float32)
    xy[LONELY] = (9, -9)
    labels = np.zeros(60_000, np.int64)
    labels[LONELY] = 1
    rows = np.arange(59_999, dtype=np.int32)  # the last image is of a split that is not shown
    figure = figures.class_map(xy[rows], labels[rows], NAMES, (Axis("across"), Axis("up")))
    figure.update_layout(meta={"map": "m", "cloud": "c"}, height=None)
    made = many_points.split(figures.numbered(figure, rows), 60_000)
    assert made.cloud is not None
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
    }
    page.evaluate("(data) => receive(data)", cloud)
    page.wait_for_function(f"{DRAWN} === '59999'")
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
