"""The grid of pictures and the scrubber in a browser, each on a small page of its own.

A page stays open for all its tests; each of them starts from whatever the ones before have left.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.drive.modules import load, mount
from tests.browser.drive.server import PROJECT, AppServer
from tests.browser.drive.visit import eventually, open_page, wait_idle
from ui.components.picture_sheet import picture_bytes
from ui.components.picture_sheet.picture_bytes import SheetLayout
from vae.checkpoints import checkpoint_files, loading
from vae.data import datasets
from vae.generation import interpolation

PAGES = Path(__file__).parents[1] / "pages"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """One server for both pages."""
    environment = {"PYTHONPATH": os.pathsep.join([str(PROJECT), os.environ.get("PYTHONPATH", "")])}
    with AppServer(tmp_path_factory.mktemp("pages"), environment, PAGES / "components.py") as server:
        yield server


def opened(browser: Browser, pages: AppServer, name: str) -> Iterator[Page]:
    """A page that must not complain while its tests run."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    open_page(page, pages, f"?page={name}")
    yield page
    page.close()
    assert errors == []


# --- the sheet --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def open_sheets(browser: Browser, pages: AppServer) -> Iterator[Page]:
    yield from opened(browser, pages, "sheets")


@pytest.fixture
def sheets(open_sheets: Page) -> Page:
    """All 60 pictures, 1440 pixels wide."""
    open_sheets.mouse.move(2, 2)
    open_sheets.set_viewport_size({"width": 1440, "height": 900})
    for box in open_sheets.get_by_test_id("stCheckbox").all():
        if box.locator("input").is_checked():
            box.locator("label").click()
    expect_drawn(open_sheets, datasets.load("digits", "test").images[:60])
    wait_idle(open_sheets)
    return open_sheets


def expect_drawn(page: Page, images: NDArray[np.uint8]) -> None:
    expect(page.locator(".sheet").first).to_have_attribute("data-drawn", picture_bytes.fingerprint(images))


def columns_of(page: Page) -> int:
    return int(page.locator(".viewport").first.get_attribute("aria-colcount") or 0)


def middle(page: Page, index: int) -> dict[str, float]:
    """The middle of a picture, in CSS pixels of the canvas."""
    found = page.locator("canvas.pictures").first.evaluate(
        """(canvas, [index, columns]) => {
            const pitch = (canvas.width + 2) / columns
            return { x: (index % columns + 0.5) * pitch, y: (Math.floor(index / columns) + 0.5) * pitch }
        }""",
        [index, columns_of(page)],
    )
    return {"x": float(found["x"]), "y": float(found["y"])}


def shown_pictures(page: Page, count: int, columns: int) -> NDArray[np.uint8]:
    """What is on the canvas, sampled in the middle of every pixel of the 8 by 8 pictures: (count, 1, 8, 8)."""
    values = page.locator("canvas.pictures").first.evaluate(
        """(canvas, [count, columns]) => {
            const { data, width } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
            const pitch = (canvas.width + 2) / columns
            const pixel = (pitch - 2) / 8
            const found = []
            for (let i = 0; i < count; i++) for (let y = 0; y < 8; y++) for (let x = 0; x < 8; x++) {
                const left = Math.floor((i % columns) * pitch + (x + 0.5) * pixel)
                const top = Math.floor(Math.floor(i / columns) * pitch + (y + 0.5) * pixel)
                found.push(data[4 * (top * width + left)])
            }
            return found
        }""",
        [count, columns],
    )
    return np.array(values, np.uint8).reshape(count, 1, 8, 8)


def test_every_picture_is_drawn_as_it_is(sheets: Page) -> None:
    digits = datasets.load("digits", "test").images
    np.testing.assert_array_equal(shown_pictures(sheets, 60, columns_of(sheets)), digits[:60])
    before = columns_of(sheets)
    sheets.set_viewport_size({"width": 700, "height": 900})
    expect(sheets.locator(".viewport").first).not_to_have_attribute("aria-colcount", str(before))
    sheets.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    np.testing.assert_array_equal(shown_pictures(sheets, 60, columns_of(sheets)), digits[:60])


def test_a_click_selects_and_reaches_python(sheets: Page) -> None:
    sheets.locator("canvas.pictures").first.click(position=middle(sheets, 17))  # type: ignore[arg-type]
    expect(sheets.get_by_text("clicked 17")).to_be_visible()
    wait_idle(sheets)
    first = sheets.get_by_text("event ").inner_text()
    expect(sheets.locator(".viewport").first).to_have_attribute("aria-activedescendant", "picture-17")
    expect(sheets.locator(".cell").first).to_have_text("Picture 18 of 60")
    sheets.locator("canvas.pictures").first.click(position=middle(sheets, 17))  # type: ignore[arg-type]
    wait_idle(sheets)
    assert sheets.get_by_text("event ").inner_text() != first  # the same picture again is another choice


def test_keys_move_the_selection(sheets: Page) -> None:
    grid = sheets.locator(".viewport").first
    grid.focus()
    columns = columns_of(sheets)
    for key, wanted in [("Home", 0), ("ArrowLeft", 0), ("ArrowRight", 1), ("ArrowDown", 1 + columns), ("End", 59)]:
        sheets.keyboard.press(key)
        expect(sheets.locator(".sheet").first).to_have_attribute("data-selected", str(wanted))
    expect(sheets.get_by_text("clicked 59")).to_be_visible()
    wait_idle(sheets)
    before = sheets.get_by_text("event ").inner_text()
    sheets.keyboard.press("Enter")
    wait_idle(sheets)
    assert sheets.get_by_text("event ").inner_text() != before


def test_hovering_enlarges_one_picture(sheets: Page) -> None:
    preview = sheets.locator(".preview").first
    expect(preview).to_be_hidden()
    sheets.locator("canvas.pictures").first.hover(position=middle(sheets, 14))  # type: ignore[arg-type]
    expect(preview).to_be_visible()
    expect(preview).to_contain_text("Picture 15 of 60")
    shown = preview.locator("canvas").evaluate(
        "e => Array.from(e.getContext('2d').getImageData(0, 0, 8, 8).data).filter((_, i) => i % 4 === 0)"
    )
    assert shown == datasets.load("digits", "test").images[14].ravel().tolist()
    box = preview.locator("canvas").bounding_box()
    assert box is not None
    assert box["width"] >= 112
    sheets.mouse.move(2, 2)
    expect(preview).to_be_hidden()


def test_new_pictures_keep_a_valid_selection_and_follow_python(sheets: Page) -> None:
    holder = sheets.locator(".sheet").first
    sheets.locator("canvas.pictures").first.click(position=middle(sheets, 17))  # type: ignore[arg-type]
    sheets.get_by_text("Other pictures").click()
    digits = datasets.load("digits", "test").images
    expect_drawn(sheets, digits[7:67])
    np.testing.assert_array_equal(shown_pictures(sheets, 60, columns_of(sheets)), digits[7:67])
    expect(holder).to_have_attribute("data-selected", "17")
    sheets.get_by_text("Fewer pictures").click()
    expect(holder).to_have_attribute("data-count", "10")
    expect(holder).to_have_attribute("data-selected", "")
    sheets.get_by_text("Choose the third").click()
    expect(holder).to_have_attribute("data-selected", "2")


def test_a_wide_sheet_scrolls_below_its_row_names(sheets: Page) -> None:
    sheets.set_viewport_size({"width": 900, "height": 900})
    grid = sheets.locator(".viewport").nth(1)
    inside, outside = grid.evaluate("e => [e.scrollWidth, e.clientWidth]")
    assert inside > outside + 200
    assert sheets.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    name = sheets.locator(".row-names span").nth(2)
    expect(name).to_have_text("<b>z0</b>")
    expect(name).to_have_attribute("title", "<b>The third</b>")
    before = name.bounding_box()
    grid.evaluate("e => { e.scrollLeft = 200 }")
    assert name.bounding_box() == before
    shown = sheets.locator(".column-names").nth(1).locator("span:visible")
    texts = shown.all_inner_texts()
    assert {"-3.0", "+0.0", "+3.0"} <= set(texts)
    boxes = sorted((box["x"], box["width"]) for box in (one.bounding_box() for one in shown.all()) if box)
    assert all(x + width <= after for (x, width), (after, _) in pairwise(boxes))


def test_no_pictures_are_no_error_and_many_fit(pages: AppServer, page: Page, console_errors: list[str]) -> None:
    open_page(page, pages, "?page=sheets&count=0")
    expect(page.locator(".sheet").first).to_have_text("There are no pictures here yet.", use_inner_text=True)
    page.evaluate(
        "() => { window.drawn = []; document.addEventListener('sheet-drawn', (e) => window.drawn.push(e.detail)) }"
    )
    page.get_by_text("Fewer pictures").click()
    page.wait_for_function("window.drawn.some(({ count }) => count === 10)")
    expect(page.locator(".sheet").first).to_have_attribute("data-count", "10")
    open_page(page, pages, "?page=sheets&count=2688")
    page.wait_for_selector(".sheet[data-count='2688'][data-drawn]")
    width = float(page.locator("canvas.pictures").first.evaluate("e => e.clientWidth"))
    assert (width + 2) / columns_of(page) >= 20
    assert width <= float(page.locator(".sheet").first.evaluate("e => e.clientWidth"))
    assert console_errors == []


def test_colour_and_other_sides_than_square(browser: Browser) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (3, 3, 4, 6), dtype=np.uint8)
    content = base64.b64encode(picture_bytes.pack(pictures, SheetLayout("Colour", columns=2, tile=6))).decode()
    page = browser.new_page()
    mount(page, "picture_sheet/sheet.js", "picture_sheet/sheet.html")
    drawn = page.evaluate(
        """(content) => new Promise((done) => {
            const parentElement = document.querySelector("#root")
            parentElement.addEventListener("sheet-drawn", ({ detail }) => {
                const canvas = document.querySelector("canvas.pictures")
                const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
                done([detail, canvas.height, canvas.width, Array.from(data)])
            })
            const data = Uint8Array.from(atob(content), (c) => c.charCodeAt(0))
            window.receive(data)
        })""",
        content,
    )
    page.close()
    assert drawn[0] == {"count": 3, "fingerprint": picture_bytes.fingerprint(pictures)}
    canvas = np.array(drawn[3]).reshape(drawn[1], drawn[2], 4)
    assert canvas.shape == (4 + 2 + 4, 6 + 2 + 6, 4)
    for (top, left), picture in zip([(0, 0), (0, 8), (6, 0)], pictures, strict=True):
        np.testing.assert_array_equal(canvas[top : top + 4, left : left + 6, :3].transpose(2, 0, 1), picture)
    assert canvas[6:, 8:, 3].max() == 0  # nothing where there is no picture


def test_a_click_names_the_pictures_that_were_seen(browser: Browser) -> None:
    first = np.random.default_rng(0).integers(0, 256, (4, 1, 8, 8), dtype=np.uint8)
    both, layout = (first, first[::-1]), SheetLayout("Four")
    packed = [base64.b64encode(picture_bytes.pack(images, layout)).decode() for images in both]
    page = browser.new_page()
    mount(page, "picture_sheet/sheet.js", "picture_sheet/sheet.html")
    reported = page.evaluate(
        """async (packed) => {
            const [first, second] = packed.map((text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)))
            const frame = () => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))
            const click = () => {
                const canvas = document.querySelector("canvas.pictures")
                const { left, top } = canvas.getBoundingClientRect()
                canvas.dispatchEvent(new MouseEvent("click", { clientX: left + 4, clientY: top + 4 }))
            }
            window.receive(first)
            await frame()
            click()
            window.receive(second)
            click() // the first ones are still on the screen
            await frame()
            click()
            return window.reported.map(([name, { sheet, index }]) => [name, sheet, index])
        }""",
        packed,
    )
    page.close()
    assert reported == [["click", picture_bytes.fingerprint(images), 0] for images in both]


# --- paths ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def blank(browser: Browser) -> Iterator[Page]:
    """A page with path.js in it, and no app."""
    page = browser.new_page()
    load(page, "scrubber/path.js")
    yield page
    page.close()


def points(page: Page, path: dict[str, Any], t: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array(page.evaluate("([path, all]) => all.map((t) => pointAt(path, t))", [path, t.tolist()]))


@pytest.mark.parametrize("kind", interpolation.KINDS)
@pytest.mark.parametrize("dims", [1, 2, 16])
def test_paths_are_those_of_python(blank: Page, kind: str, dims: int) -> None:
    anchors = np.random.default_rng(dims).normal(size=(6, dims)).astype(np.float32)
    expected = interpolation.path(anchors, 60, kind)
    found = points(blank, {"kind": kind, "anchors": anchors.astype(float).tolist()}, expected.t)
    np.testing.assert_allclose(found, expected.z, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(found[expected.anchor_at].astype(np.float32), anchors)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ([1, 2, 3], [2, 4, 6]),
        ([1, 2, 3], [-1, -2, -3]),
        ([0, 0, 0], [1, 0, 0]),
        ([1, 0, 0], [0, 0, 0]),
        ([0, 0, 0], [0, 0, 0]),
        ([1, 0, 0], [1, 1e-8, 0]),
        ([1, 0, 0], [1, 1e-4, 0]),
        ([1, 0, 0], [-1, 1e-4, 0]),
        ([1e-20, 0, 0], [0, 50, 0]),
    ],
)
def test_slerp_without_one_great_circle_is_that_of_python(blank: Page, a: list[float], b: list[float]) -> None:
    t = np.linspace(0, 1, 11)
    expected = interpolation.slerp(np.array(a, float), np.array(b, float), t)
    found = points(blank, {"kind": "slerp", "anchors": [a, b]}, t)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def test_a_line_goes_both_ways(blank: Page) -> None:
    line = {"kind": "line", "base": [1, 2], "step": [0.5, -1], "low": -2, "high": 2}
    np.testing.assert_allclose(points(blank, line, np.array([-2.0, 0, 1.5])), [[0, 4], [1, 2], [1.75, 0.5]])


# --- the scrubber -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def open_scrubbers(browser: Browser, pages: AppServer) -> Iterator[Page]:
    yield from opened(browser, pages, "scrubbers")


@pytest.fixture
def scrubbers(open_scrubbers: Page) -> Page:
    """The first one at 0, its way bent."""
    open_scrubbers.wait_for_selector(".st-key-line .scrub[data-ready='yes']")
    open_scrubbers.get_by_test_id("stRadio").get_by_text("slerp", exact=True).click()
    expect(scrubber(open_scrubbers)).to_have_attribute("data-kind", "slerp")
    scrubber(open_scrubbers).locator(".range").focus()
    open_scrubbers.keyboard.press("Home")
    wait_idle(open_scrubbers)
    expect(open_scrubbers.get_by_text("path at 0", exact=True)).to_be_visible()
    return open_scrubbers


def scrubber(page: Page, key: str = "path") -> Locator:
    return page.locator(f".st-key-{key} .scrub")


def grey(page: Page, key: str, name: str = "decoded") -> NDArray[np.float64]:
    values = (
        scrubber(page, key)
        .locator(f"canvas.{name}")
        .evaluate("e => Array.from(e.getContext('2d').getImageData(0, 0, 8, 8).data).filter((_, i) => i % 4 === 0)")
    )
    return np.array(values, float)


def decoded(z: NDArray[np.float32]) -> NDArray[np.float64]:
    """What PyTorch shows, in grey levels."""
    model = loading.load_model(checkpoint_files.read("digits-mlp-8", PROJECT / "checkpoints"))
    with torch.inference_mode():
        return 255 * model.decode_mean(torch.tensor(z)[None])[0, 0].double().numpy().ravel()


def mu() -> NDArray[np.float32]:
    return checkpoint_files.read("digits-mlp-8", PROJECT / "checkpoints").latents.mu


def test_the_slider_shows_what_pytorch_decodes_and_the_nearest_image(scrubbers: Page) -> None:
    one, means = scrubber(scrubbers), mu()
    for _ in range(5):
        scrubbers.keyboard.press("PageUp")
    expect(one.locator(".value")).to_have_text("1.50")
    wait_idle(scrubbers)
    z = interpolation.slerp(means[3], means[7], np.array([0.5]))[0]
    np.testing.assert_allclose(grey(scrubbers, "path"), decoded(z), atol=1)
    near = interpolation.distances(z[None, [0, 3, 6]], means[:, [0, 3, 6]])
    assert near.row[0] != interpolation.distances(z[None], means).row[0]
    label = checkpoint_files.read("digits-mlp-8", PROJECT / "checkpoints").latents.labels[near.row[0]]
    expect(one.locator(".near")).to_have_text(
        f"{near.distance[0]:.2f} from the nearest test image (row {near.row[0]}, class {label}); beyond 1.25 is a hole"
    )
    scrubbers.get_by_test_id("stRadio").get_by_text("lerp", exact=True).click()
    expect(one).to_have_attribute("data-kind", "lerp")
    expect(one.locator(".value")).to_have_text("1.50")  # Python has changed the way, not the place
    straight = (means[3] + means[7]) / 2
    np.testing.assert_allclose(grey(scrubbers, "path"), decoded(straight), atol=1)
    assert np.abs(decoded(straight) - decoded(z)).max() > 3


def test_a_drag_draws_at_once_and_tells_python_on_release(scrubbers: Page) -> None:
    one = scrubber(scrubbers)
    scrubbers.evaluate("() => { window.drawn = 0; document.addEventListener('latent-drawn', () => window.drawn++) }")
    before = grey(scrubbers, "path")
    box = one.locator(".range").bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    scrubbers.mouse.move(box["x"] + 8, y)
    scrubbers.mouse.down()
    scrubbers.mouse.move(box["x"] + 8 + (box["width"] - 16) / 2, y, steps=8)
    scrubbers.wait_for_function("window.drawn > 0")
    assert eventually(scrubbers, lambda: bool(np.abs(grey(scrubbers, "path") - before).max() > 20))
    expect(scrubbers.get_by_text("path at 0", exact=True)).to_be_visible()
    scrubbers.mouse.up()
    expect(scrubbers.get_by_text("path at 1.5")).to_be_visible()
    for t in ("2.25", "0.5"):  # where Python moves to
        scrubbers.get_by_text("Python moves").click()
        expect(one).to_have_attribute("data-t", t)


def test_names_do_not_touch_and_those_at_the_ends_are_whole(scrubbers: Page) -> None:
    ticks = scrubber(scrubbers).locator(".tick")
    assert scrubber(scrubbers).locator(".ends").is_hidden()  # the names say it
    boxes = ticks.evaluate_all(
        "(ticks) => ticks.map((tick) => [tick.getBoundingClientRect(), tick.scrollWidth - tick.clientWidth])"
    )
    assert [boxes[0][1], boxes[-1][1]] == [0, 0]
    for (one, _), (other, _) in combinations(boxes, 2):
        apart = one["right"] <= other["left"] or one["bottom"] <= other["top"] or other["bottom"] <= one["top"]
        assert apart, (one, other)


def test_keys_and_ticks_move(scrubbers: Page) -> None:
    one = scrubber(scrubbers)
    scrubbers.keyboard.press("ArrowRight")
    expect(one.locator(".value")).to_have_text("0.03")
    expect(scrubbers.get_by_text("path at 0.03")).to_be_visible()
    one.get_by_role("button", name="a very long name").click()
    expect(one).to_have_attribute("data-t", "2")
    expect(scrubbers.get_by_text("path at 2")).to_be_visible()
    np.testing.assert_allclose(grey(scrubbers, "path"), decoded(mu()[7]), atol=1)
    scrubbers.keyboard.press("Tab")  # the tick that was clicked has kept the focus
    scrubbers.keyboard.press("Enter")
    expect(one).to_have_attribute("data-t", "3")


def test_a_line_shows_its_start_and_the_difference(scrubbers: Page) -> None:
    one, means = scrubber(scrubbers, "line"), mu()
    one.locator(".range").focus()
    scrubbers.keyboard.press("End")
    expect(one).to_have_attribute("data-t", "2")
    start, end = decoded(means[0]), decoded(means[0] + 2 * (means[3] - means[0]))
    np.testing.assert_allclose(grey(scrubbers, "line", "start"), start, atol=1)
    np.testing.assert_allclose(grey(scrubbers, "line"), end, atol=1)
    np.testing.assert_allclose(grey(scrubbers, "line", "difference"), np.abs(start - end), atol=1)
    expect(one.locator(".difference-sum")).to_have_text(f"Σ {np.abs(start - end).sum() / 255:.1f}")
    expect(one.locator(".caption")).to_have_text("At 2.00")
    scrubbers.keyboard.press("Home")
    expect(one.locator(".value")).to_have_text("−2.00")


def test_playing_goes_on_until_it_is_paused(scrubbers: Page) -> None:
    one = scrubber(scrubbers)
    expect(one).to_have_attribute("data-playing", "no")  # never by itself
    one.get_by_role("button", name="Play").click()
    scrubbers.wait_for_timeout(400)
    expect(scrubbers.get_by_text("path at 0", exact=True)).to_be_visible()  # Python isn't told yet
    one.get_by_role("button", name="Pause").click()
    wait_idle(scrubbers)
    left_at = float(scrubbers.get_by_text("path at ").inner_text().removeprefix("path at "))
    assert 0.02 < left_at < 1.5
    scrubbers.wait_for_timeout(150)
    assert float(one.get_attribute("data-t") or "nan") == pytest.approx(left_at, abs=1e-4)
    one.get_by_role("button", name="Play").click()
    box = one.locator(".range").bounding_box()
    assert box is not None
    scrubbers.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(one).to_have_attribute("data-playing", "no")


def test_odd_data_is_a_sentence(open_scrubbers: Page) -> None:
    words = {
        "no-anchors": "two ends",
        "another-dimension": "doesn't fit",
        "another-kind": "no path",
        "no-path": "no path",
        "not-a-number": "doesn't fit",
        "an-empty-range": "doesn't fit",
        "another-shape": "don't fit",
        "another-model": "Loading…",
    }
    for name, sentence in words.items():
        odd = open_scrubbers.locator(f".st-key-odd-{name} .scrub")
        expect(odd.locator(".problem")).to_contain_text(sentence)
        expect(odd.locator(".controls")).to_be_hidden()
    quiet = open_scrubbers.locator(".st-key-odd-no-words .scrub")
    expect(quiet).to_have_attribute("data-ready", "yes")
    expect(quiet.locator(".near")).to_contain_text("from the nearest test image (row 0)")
