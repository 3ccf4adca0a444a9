"""Explore's map, beside its points: images in their places, and the map as decoded pictures, on a figure that stays."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.drive import explore
from tests.browser.drive.server import AppServer
from tests.browser.drive.visit import eventually, wait_idle
from ui.palette import CLASS_COLOURS
from vae.data import datasets

DIGITS = "digits-mlp-8"
# colours of the layers' canvas, [red, green, blue, opacity] of each pixel of a square around a place of the window
LOOK = """(canvas, [x, y, half]) => {
    const box = canvas.getBoundingClientRect()
    const ratio = canvas.width / box.width
    const [left, top] = [(x - half - box.left) * ratio, (y - half - box.top) * ratio]
    const { data } = canvas.getContext("2d").getImageData(left, top, 2 * half * ratio, 2 * half * ratio)
    return Array.from(data)
}"""


@pytest.fixture
def digits(app: AppServer, page: Page) -> Page:
    explore.open_explore(page, app, f"?model={DIGITS}&map=pca&images=test")
    return page


def canvas(page: Page) -> Locator:
    return page.get_by_test_id("map-layers")


def pixels(page: Page, at: explore.Point, half: int) -> np.ndarray:
    """(side, side, 4) of the layers around a point."""
    found = np.array(canvas(page).evaluate(LOOK, [at.x, at.y, half]), np.uint8)
    side = int(np.sqrt(len(found) / 4))
    return found.reshape(side, side, 4)


def test_zooming_in_turns_points_into_images_and_a_grid_takes_their_place(
    digits: Page, console_errors: list[str]
) -> None:
    layers = canvas(digits)
    expect(layers).to_have_attribute("data-pictured", "0")
    target = explore.lonely_point(digits)
    figure = digits.query_selector(explore.CHART)
    digits.mouse.move(target.x, target.y)
    for _ in range(12):
        digits.mouse.wheel(0, -300)
        digits.wait_for_timeout(50)
    expect(layers).to_have_attribute("data-pictured", re.compile(r"^[1-9]\d*$"))
    explore.settle(digits)
    # the first that have room are shown: among them the lowest row in view, in its own place
    first = digits.evaluate(
        """(selector) => {
            const chart = document.querySelector(selector)
            const { xaxis, yaxis } = chart._fullLayout
            const box = chart.getBoundingClientRect()
            const points = chart._fullData.flatMap((data) => Array.from(data.x, (x, i) => ({
                row: data.customdata[i],
                x: xaxis.l2p(x),
                y: yaxis.l2p(data.y[i]),
                colour: data.marker.color,
            }))).filter(({ x, y }) => x >= 0 && y >= 0 && x <= xaxis._length && y <= yaxis._length)
            const { row, x, y, colour } = points.sort((a, b) => a.row - b.row)[0]
            return [row, box.left + xaxis._offset + x, box.top + yaxis._offset + y, colour]
        }""",
        explore.CHART,
    )
    at = explore.Point(*first[:3])
    seen = pixels(digits, at, 20).astype(int)
    image = datasets.load("digits", "test").images[at.row, 0]
    middle = seen[4:-4, 4:-4, :3].mean(2)
    cells = np.array([np.array_split(part, 8, axis=1) for part in np.array_split(middle, 8)], dtype=object)
    shown = np.array([[cell.mean() for cell in line] for line in cells])
    assert np.corrcoef(shown.ravel(), image.ravel())[0, 1] > 0.9
    frame = [int(first[3][k : k + 2], 16) for k in (1, 3, 5)]
    assert np.abs(seen[:, :, :3] - frame).sum(2).min() < 30
    # a switch shows what the model draws all over the map, and where somebody is follows on a linear map
    digits.get_by_role("button", name="Layers").click()
    digits.get_by_role("checkbox", name="Decoded grid").check()
    expect(layers).to_have_attribute("data-gridded", "true")
    expect(layers).to_have_attribute("data-missing", "0")
    explore.settle(digits)
    expect(digits).to_have_url(re.compile("layers=pictures%2Cgrid"))
    digits.keyboard.press("Escape")
    before = pixels(digits, at, 60)
    assert before[..., 3].min() == 255  # nothing of the points is left
    explore.slider(digits, 2).focus()
    for _ in range(6):
        digits.keyboard.press("Shift+ArrowRight")
    assert eventually(digits, lambda: not np.array_equal(pixels(digits, at, 60), before))
    wait_idle(digits)
    assert digits.evaluate("([one, selector]) => one === document.querySelector(selector)", [figure, explore.CHART])
    digits.reload()
    explore.wait_usable(digits)
    expect(layers).to_have_attribute("data-gridded", "true")
    assert console_errors == []


def ground_at(page: Page, at: explore.Point) -> list[int]:
    """The colour of the layers below the points, at a point."""
    found: list[int] = page.get_by_test_id("map-ground").evaluate(LOOK, [at.x, at.y, 1])
    return found[:4]


def test_regions_lie_below_the_points_follow_the_map_and_are_of_the_classes_shown(
    digits: Page, console_errors: list[str]
) -> None:
    digits.get_by_role("radio", name="t-SNE").check(force=True)
    digits.get_by_role("button", name="Layers").focus()
    digits.keyboard.press("Enter")
    for name in ("Class regions", "Density", "Class names"):
        digits.get_by_role("checkbox", name=name).press("Space")
    digits.keyboard.press("Escape")
    explore.settle(digits)
    expect(digits).to_have_url(re.compile("layers=pictures%2Cregions%2Cdensity%2Cnames"))
    expect(canvas(digits)).to_have_attribute("data-named", "10")
    ground = digits.get_by_test_id("map-ground")
    expect(ground).to_have_attribute("data-missing", "0")
    order = digits.evaluate(
        """(selector) => {
            const all = [...document.querySelector(`${selector} .svg-container`).children]
            const place = (test) => all.findIndex((one) => one.matches(test))
            return [place("[data-testid=map-ground]"), place(".gl-container"), place("[data-testid=map-layers]")]
        }""",
        explore.CHART,
    )
    assert order == sorted(order) and order[0] >= 0
    # the middle of class 0's cloud has its colour, wherever the map is moved
    middle = explore.point(digits, 0, 0)
    red, green, blue = (int(CLASS_COLOURS[0][k : k + 2], 16) for k in (1, 3, 5))
    assert np.abs(np.subtract(ground_at(digits, middle)[:3], [red, green, blue])).max() < 12
    digits.mouse.move(middle.x + 60, middle.y + 60)
    digits.mouse.down()
    digits.mouse.move(middle.x + 140, middle.y + 90, steps=6)
    digits.mouse.up()
    moved = explore.point(digits, 0, 0)
    assert moved.x > middle.x + 40
    assert eventually(digits, lambda: np.abs(np.subtract(ground_at(digits, moved)[:3], [red, green, blue])).max() < 12)
    digits.get_by_role("group", name="Classes on the map").get_by_role("button", name="0").click()
    expect(canvas(digits)).to_have_attribute("data-named", "9")
    assert eventually(digits, lambda: np.abs(np.subtract(ground_at(digits, moved)[:3], [red, green, blue])).max() > 40)
    assert console_errors == []


def saved(page: Page, kind: str) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("button", name=kind, exact=True).click()
    assert download.value.suggested_filename == f"{DIGITS}-tsne-map.{kind.lower()}"
    return Path(download.value.path()).read_bytes()


def test_the_map_is_saved_for_print_with_its_layers_a_title_and_a_legend(app: AppServer, page: Page) -> None:
    explore.open_explore(page, app, f"?model={DIGITS}&map=tsne&images=test&layers=regions,names")
    at, place = explore.point(page, 0, 0), canvas(page).bounding_box()
    chart = page.locator(explore.CHART).bounding_box()
    assert place is not None and chart is not None
    page.get_by_role("button", name="Layers").click()
    picture = Image.open(io.BytesIO(saved(page, "PNG"))).convert("RGB")
    assert picture.width >= 2126
    scale = round(picture.width / chart["width"])
    heading = picture.height / scale - chart["height"]
    assert heading > 40
    # a point of class 0, and beside it its region, where they are on the page
    left, top = (at.x - chart["x"]) * scale, (at.y - chart["y"] + heading) * scale
    around = np.array(picture)[round(top) - 60 : round(top) + 60, round(left) - 60 : round(left) + 60].reshape(-1, 3)
    blue = np.array([int(CLASS_COLOURS[0][k : k + 2], 16) for k in (1, 3, 5)])
    far = np.abs(around.astype(int) - blue).max(1)
    assert far.min() < 40
    assert np.median(around[:, 2].astype(int) - around[:, 0]) > 40  # its colour, paler
    assert len(np.unique(np.array(picture)[: round(heading * scale)].reshape(-1, 3), axis=0)) > 10  # title and legend
    texts, points, pictures = page.evaluate(
        """(text) => {
            const drawing = new DOMParser().parseFromString(text, "image/svg+xml")
            const count = (kind) => drawing.querySelectorAll(kind).length
            const texts = [...drawing.querySelectorAll("text")].map((one) => one.textContent)
            return [texts, count("path.point"), count("image")]
        }""",
        saved(page, "SVG").decode(),
    )
    assert texts[:3] == [f"{DIGITS}: t-SNE map of 360 images, coloured by class", "0", "1"]
    assert (points, pictures) == (360, 2)
