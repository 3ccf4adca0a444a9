"""A model's page, opened from a file without a network: map, live decoder, images, address; and the map's own parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, expect

from tests.browser.drive import explore
from tests.browser.drive.modules import load
from tests.browser.drive.server import PROJECT, AppServer
from tests.browser.drive.visit import eventually
from ui.sharing import walk_data, walk_page
from vae.checkpoints import checkpoint_files
from vae.checkpoints.checkpoint import Checkpoint
from vae.data import datasets

NAME = "shapes-conv-10"


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return checkpoint_files.read(NAME, PROJECT / "checkpoints")


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory, checkpoint: Checkpoint) -> str:
    """The address of the page's file."""
    path = tmp_path_factory.mktemp("share") / "walk.html"
    path.write_bytes(walk_page.of(walk_data.of(checkpoint, 10_000)))
    return path.as_uri()


@pytest.fixture
def offline(browser: Browser) -> Iterator[Page]:
    """A tab of a browser that has no network; whatever it asks for or complains about fails the test."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, offline=True)
    page, said = context.new_page(), list[str]()
    page.on("request", lambda request: said.append(request.url) if not request.url.startswith("file:") else None)
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    context.close()
    assert said == []


def opened(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator(".panel")).to_have_attribute("data-ready", "yes")
    page.wait_for_function("() => document.querySelector('.map').dataset.pictured !== undefined")


def place_of(page: Page, xy: NDArray[np.float32], row: int) -> tuple[float, float]:
    """Where a point of the whole map is on the page: all points with 5 % room, the same scale across and up."""
    box = page.locator(".map").evaluate(
        "(map) => [map.getBoundingClientRect().x, map.getBoundingClientRect().y, map.clientWidth, map.clientHeight]"
    )
    low, high = xy.min(0), xy.max(0)
    scale = min(box[2] / (1.1 * (high[0] - low[0])), box[3] / (1.1 * (high[1] - low[1])))
    across, up = (xy[row] - (low + high) / 2) * scale
    return box[0] + box[2] / 2 + float(across), box[1] + box[3] / 2 - float(up)


def lonely(xy: NDArray[np.float32]) -> int:
    """The point whose nearest other one is farthest, of those well inside."""
    from scipy.spatial import cKDTree

    return int(np.argmax(cKDTree(xy).query(xy, 2)[0][:, 1]))


def test_a_hand_over_the_map_decodes_and_a_click_brings_the_image(
    offline: Page, walk: str, checkpoint: Checkpoint
) -> None:
    opened(offline, walk)
    xy = checkpoint.maps["tsne"].xy
    before = explore.picture(offline, "decoded")
    row = lonely(xy)
    x, y = place_of(offline, xy, row)
    offline.mouse.move(x, y, steps=3)
    assert eventually(offline, lambda: explore.picture(offline, "decoded") != before)
    expect(offline.locator(".tip")).to_contain_text(f"row {row:,}")
    expect(offline.locator(".nearness .word")).to_have_text(re.compile("data"))
    offline.mouse.click(x, y)
    expect(offline.locator(".panel")).to_have_attribute("data-row", str(row))
    original = np.array(explore.picture(offline, "original"))
    expected = datasets.load("shapes", "test").images[row, 0].reshape(-1)  # its red channel
    np.testing.assert_array_equal(original, expected)
    assert f"row={row}" in offline.url
    offline.mouse.move(0, 0)
    reconstruction = explore.picture(offline, "decoded")
    offline.goto("about:blank")  # and its address brings all of it back
    offline.go_back()
    expect(offline.locator(".panel")).to_have_attribute("data-row", str(row))
    assert eventually(  # z is rounded in it
        offline, lambda: np.abs(np.subtract(explore.picture(offline, "decoded"), reconstruction)).max() <= 2
    )


def test_images_take_the_place_of_points_where_there_is_room(offline: Page, walk: str) -> None:
    opened(offline, walk)
    area = offline.locator(".map")
    expect(area).to_have_attribute("data-pictured", "0")
    area.focus()
    for _ in range(6):
        offline.keyboard.press("+")
    expect(area).to_have_attribute("data-pictured", re.compile(r"^[1-9]\d+$"))
    offline.keyboard.press("Home")
    expect(area).to_have_attribute("data-pictured", "0")


def test_another_map_and_colour_are_in_the_address_and_a_hidden_class_is_not_clicked(
    offline: Page, walk: str, checkpoint: Checkpoint
) -> None:
    opened(offline, walk)
    offline.get_by_role("combobox", name="Map").select_option("pca")
    offline.get_by_role("combobox", name="Colour").select_option("kl")
    assert "map=pca" in offline.url and "colour=kl" in offline.url
    expect(offline.locator(".scale")).to_be_visible()
    xy, labels = checkpoint.maps["pca"].xy, checkpoint.latents.labels
    row = lonely(xy)
    x, y = place_of(offline, xy, row)
    name = checkpoint.dataset.class_names[labels[row]]
    offline.get_by_role("button", name=name, exact=True).click()
    offline.mouse.click(x, y)
    expect(offline.locator(".panel")).to_have_attribute("data-row", "")
    offline.get_by_role("button", name=name, exact=True).click()
    offline.mouse.click(x, y)
    expect(offline.locator(".panel")).to_have_attribute("data-row", str(row))


def test_the_map_becomes_decoded_pictures_and_points_again(offline: Page, walk: str, checkpoint: Checkpoint) -> None:
    opened(offline, walk)
    offline.get_by_role("combobox", name="Map").select_option("latent")
    before = offline.locator(".map canvas").evaluate("(canvas) => canvas.toDataURL()")
    offline.get_by_role("button", name="Decoded grid").click()
    expect(offline.locator(".map")).to_have_attribute("data-missing", "0")
    shown = offline.locator(".map canvas").evaluate(
        """(canvas) => {
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
            return (4 * data.filter((value, i) => i % 4 === 3 && value === 255).length) / data.length
        }"""
    )
    assert shown > 0.75  # the whole map, but for the gaps
    offline.get_by_role("button", name="Decoded grid").click()
    assert eventually(
        offline, lambda: offline.locator(".map canvas").evaluate("(canvas) => canvas.toDataURL()") == before
    )


def test_explore_saves_what_it_shows(app: AppServer, page: Page, offline: Page, tmp_path: Path) -> None:
    explore.open_explore(page, app, "?model=digits-mlp-8&map=pca&colour=kl&row=7")
    row = page.get_by_role("spinbutton", name="Select an image by its row")
    row.fill("12")  # the sidebar doesn't run again for it
    row.press("Tab")
    explore.settle(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as a web page").click()
    download.value.save_as(tmp_path / download.value.suggested_filename)
    opened(offline, (tmp_path / "digits-mlp-8.html").as_uri())
    expect(offline.locator(".panel")).to_have_attribute("data-row", "12")
    expect(offline.get_by_role("combobox", name="Map")).to_have_value("pca")
    expect(offline.get_by_role("combobox", name="Colour")).to_have_value("kl")


def test_a_small_window_has_the_decoder_below_the_map(offline: Page, walk: str) -> None:
    offline.set_viewport_size({"width": 420, "height": 900})
    opened(offline, walk)
    below = offline.evaluate(
        """() => [document.querySelector(".decoder").getBoundingClientRect().top,
                  document.querySelector(".map").getBoundingClientRect().bottom,
                  document.documentElement.scrollWidth]"""
    )
    assert below[0] >= below[1]
    assert below[2] <= 420


# --- the map's own parts ----------------------------------------------------------------------------------------------


@pytest.fixture
def parts(page: Page) -> Page:
    load(
        page,
        "point_map/view.js",
        "point_map/thumbnails.js",
        "point_map/ticks.js",
        "point_map/splat.js",
        "point_map/colour_numbers.js",
        "walk/address.js",
        "point_map/decoded_grid.js",
    )
    return page


def test_a_place_stays_under_the_hand_while_it_is_enlarged(parts: Page) -> None:
    found = parts.evaluate(
        """() => {
            const view = new View(Float32Array.from([-3, 1, 5, 2, 0, 8]), { width: 800, height: 500 })
            const whole = [[-3, 1], [5, 2], [0, 8]].map(([x, y]) => view.toPixels(x, y))
            const before = view.toPlane(620, 130)
            view.zoomAt(620, 130, 7)
            const after = view.toPlane(620, 130)
            const back = view.toPixels(after.x, after.y)
            view.resize({ width: 400, height: 250 })
            return { whole, before, after, back, zoom: view.zoom }
        }"""
    )
    assert all(0 < place["left"] < 800 and 0 < place["top"] < 500 for place in found["whole"])
    assert found["after"] == pytest.approx(found["before"])
    assert (found["back"]["left"], found["back"]["top"]) == pytest.approx((620, 130))
    assert found["zoom"] == pytest.approx(7)


def test_images_never_cover_each_other_and_leave_no_room_unused(parts: Page) -> None:
    places = np.random.default_rng(0).uniform(-50, 450, (400, 2))
    chosen = parts.evaluate("([places, side]) => apart(places, side)", [places.ravel().tolist(), 30])
    squares = places[chosen]
    apart = np.abs(squares[:, None] - squares[None]).max(-1)
    np.fill_diagonal(apart, np.inf)
    assert apart.min() >= 30
    left = np.setdiff1d(np.arange(len(places)), chosen)  # each of the others would cover one that came before
    covered = [(np.abs(places[k] - places[[c for c in chosen if c < k]]).max(-1) < 34).any() for k in left]
    assert all(covered)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-3.2, 3.1, ["−2", "0", "2"]),
        (0.0, 0.012, ["0.000", "0.005", "0.010"]),
        (980.0, 2_100.0, ["1000", "1500", "2000"]),
    ],
)
def test_ticks_are_round(parts: Page, low: float, high: float, expected: list[str]) -> None:
    ticks: list[dict[str, Any]] = parts.evaluate("([low, high]) => ticksOf(low, high, 300)", [low, high])
    assert [tick["text"] for tick in ticks] == expected


def test_marks_are_drawn_in_their_colour_and_cut_at_the_edge(parts: Page) -> None:
    drawn = parts.evaluate(
        """() => {
            const disc = (context, middle, radius) => {
                context.beginPath()
                context.arc(middle, middle, radius, 0, 7)
                context.fill()
            }
            const pixels = new Uint32Array(20 * 10)
            splat(pixels, 20, 10, 0, 5, numberOf("#ff8000"), maskOf(disc, 3))
            return Array.from(pixels)
        }"""
    )
    image = np.array(drawn, np.uint32).view(np.uint8).reshape(10, 20, 4)
    assert image[5, 0].tolist() == [255, 128, 0, 255]
    assert not image[:, 6:].any()  # nothing on the other side
    assert 10 <= (image[..., 3] > 127).sum() <= 22  # half of a disc of radius 3


def test_a_cell_shows_what_its_middle_decodes_to_once(parts: Page) -> None:
    found = parts.evaluate(
        """() => {
            const asked = []
            const latentAt = (x, y) => {
                asked.push([x, y])
                return { z: [x, y], near: { distance: Math.abs(x), limit: 3 } }
            }
            const decode = ([x, y]) => [x > 0 ? 1 : 0, y > 0 ? 1 : 0, 0.5]
            const grid = new DecodedGrid({ latentAt, decode, shape: [3, 1, 1] })
            const view = new View(Float32Array.from([-10, -10, 10, 10]), { width: 330, height: 330 })
            const canvas = Object.assign(document.createElement("canvas"), { width: 330, height: 330 })
            const context = canvas.getContext("2d")
            let rounds = 0
            while (grid.draw(context, view)) rounds += 1
            const asks = asked.length
            context.clearRect(0, 0, 330, 330)
            grid.draw(context, view)
            const at = (x, y) => {
                const { left, top } = view.toPixels(x, y)
                return Array.from(context.getImageData(left, top, 1, 1).data)
            }
            return { again: asked.length - asks, left: at(-1, 1), right: at(1, -1), far: at(9, 9)[3], middles: asked }
        }"""
    )
    assert found["again"] == 0
    assert found["left"] == [0, 255, 128, 255]
    assert found["right"] == [255, 0, 128, 255]
    assert found["far"] == pytest.approx(64, abs=2)  # no image nearby: faint
    assert all(abs(x % 2 - 1) < 1e-9 and abs(y % 2 - 1) < 1e-9 for x, y in found["middles"])


@pytest.mark.parametrize(
    ("hash_", "found"),
    [
        ("#map=tsne&colour=kl&row=7&z=1,-2.5", {"map": "tsne", "colour": "kl", "row": 7, "z": [1, -2.5]}),
        ("#map=nothing&row=10&z=1", {}),
        ("#row=-1&z=1,x&x=9&y=1", {"y": 1}),
        ("#z=1,1e9&row=7e0&colour=__proto__", {}),
        ("", {}),
    ],
)
def test_an_address_is_read_only_as_far_as_it_can_be(parts: Page, hash_: str, found: dict[str, Any]) -> None:
    limits = {"methods": ["pca", "tsne"], "colours": ["class", "kl"], "latentDim": 2, "count": 10}
    assert parts.evaluate("([hash, limits]) => parse(hash, limits)", [hash_, limits]) == found
