"""Images selected on Explore's map: by a lasso, a box, a key, a link."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.drive import explore
from tests.browser.drive.modules import load
from tests.browser.drive.server import AppServer
from tests.browser.drive.visit import eventually
from ui.components import map_selection
from vae.checkpoints import checkpoint_files
from vae.storage import paths

DIGITS = "digits-mlp-8"
Shares = Sequence[tuple[float, float]]


def test_what_is_inside_a_region_is_found_by_its_edges(browser: Browser) -> None:
    """Of an outline that crosses itself, against the even-odd rule by numpy."""
    page = browser.new_page()
    load(page, "map_selection/region.js", "map_selection/row_set.js")
    star = [[np.cos(2.4 * np.pi * k / 3), np.sin(2.4 * np.pi * k / 3)] for k in range(5)]  # crosses itself
    points = np.random.default_rng(0).uniform(-1.2, 1.2, (3_000, 2))
    found = page.evaluate(
        """([corners, points]) => {
            const region = new Region(corners)
            return points.map(([x, y]) => region.contains(x, y))
        }""",
        [np.array(star).tolist(), points.tolist()],
    )
    crossed = np.zeros(len(points), int)
    for (x0, y0), (x1, y1) in zip(star, star[1:] + star[:1], strict=True):
        spans = (y0 > points[:, 1]) != (y1 > points[:, 1])
        crossed += spans & (points[:, 0] < x0 + (points[:, 1] - y0) * (x1 - x0) / (y1 - y0))
    np.testing.assert_array_equal(found, crossed % 2 == 1)
    assert 300 < sum(found) < 2_000
    assert page.evaluate("new Region([[0, 0], [1, 0], [2, 0]]).contains(1, 0)") is False  # flat
    rows = np.flatnonzero(np.random.default_rng(1).random(1_003) < 0.4)
    bits = map_selection.bits_of(rows, 1_003)
    back = page.evaluate("bits => { const rows = fromBits(bits, 1003); return [[...rows], toBits(rows)] }", bits)
    np.testing.assert_array_equal(np.flatnonzero(back[0]), rows)
    assert back[1] == bits
    page.close()


def drag(page: Page, shares: Shares, key: str = "") -> None:
    """Over places of the map, as shares of its axes from the upper left."""
    frame = page.evaluate(
        """(selector) => {
            const chart = document.querySelector(selector)
            const { xaxis, yaxis } = chart._fullLayout
            const box = chart.getBoundingClientRect()
            return [box.left + xaxis._offset, box.top + yaxis._offset, xaxis._length, yaxis._length]
        }""",
        explore.CHART,
    )
    at = [(frame[0] + x * frame[2], frame[1] + y * frame[3]) for x, y in shares]
    if key:
        page.keyboard.down(key)
    page.mouse.move(*at[0])
    page.mouse.down()
    for place in at[1:]:
        page.mouse.move(*place, steps=5)
    page.mouse.up()
    if key:
        page.keyboard.up(key)


def selected(page: Page) -> int:
    return int(page.locator(".tools").get_attribute("data-count") or 0)


def inside(shares: Shares, page: Page, xy: np.ndarray) -> np.ndarray:
    """Rows in the box between two places of the map."""
    left, right, low, high = explore.ranges(page)
    (x0, y0), (x1, y1) = shares
    x, y = (xy[:, 0] - left) / (right - left), 1 - (xy[:, 1] - low) / (high - low)
    return (x > x0) & (x < x1) & (y > y0) & (y < y1)


def veiled(page: Page, row: int) -> bool:
    """Whether the middle of a row's point is greyed."""
    point = page.evaluate(
        """([selector, row]) => {
            const chart = document.querySelector(selector)
            const { xaxis, yaxis } = chart._fullLayout
            for (const data of chart._fullData) {
                const i = Array.from(data.customdata).indexOf(row)
                if (i >= 0) return [xaxis.l2p(data.x[i]), yaxis.l2p(data.y[i])]
            }
        }""",
        [explore.CHART, row],
    )
    alpha = page.get_by_test_id("selection-veil").evaluate(
        """(canvas, [x, y]) => {
            const ratio = canvas.width / canvas.getBoundingClientRect().width
            return canvas.getContext("2d").getImageData(Math.round(x * ratio), Math.round(y * ratio), 1, 1).data[3]
        }""",
        point,
    )
    return int(alpha) > 100


@pytest.fixture
def digits(app: AppServer, page: Page) -> Page:
    """Explore with a digits model, image 30 pinned, on the PCA map."""
    explore.open_explore(page, app, f"?model={DIGITS}&map=pca&row=30")
    return page


def test_images_are_selected_by_hand(digits: Page, app: AppServer) -> None:
    page, checkpoint = digits, checkpoint_files.read(DIGITS, paths.PROJECT / "checkpoints")
    xy = checkpoint.maps["pca"].xy
    before = explore.ranges(page)
    page.get_by_role("button", name="Box").click()
    box: Shares = ((0.3, 0.35), (0.7, 0.75))
    drag(page, box)
    wanted = inside(box, page, xy)
    assert eventually(page, lambda: selected(page) >= wanted.sum() > 0)  # another test may have put other splits there
    expect(page.locator(".tools .count")).to_contain_text(f"{selected(page)} selected")
    explore.settle(page)
    inner, outer = int(np.flatnonzero(wanted)[0]), int(np.flatnonzero(~wanted)[0])
    assert (veiled(page, inner), veiled(page, outer)) == (False, True)
    assert explore.ranges(page) == before  # the map did not move
    expect(page).to_have_url(re.compile("selected=rows.*row=30"))  # nor was another image pinned
    # Alt takes away, and no place is pinned; Shift adds
    first = selected(page)
    drag(page, ((0.3, 0.35), (0.5, 0.75)), "Alt")
    assert eventually(page, lambda: 0 < selected(page) < first)
    assert "z=" not in page.url
    page.keyboard.press("l")
    expect(page.get_by_role("button", name="Lasso")).to_have_attribute("aria-pressed", "true")
    drag(page, ((0.28, 0.33), (0.52, 0.33), (0.52, 0.77), (0.28, 0.77)), "Shift")
    assert eventually(page, lambda: selected(page) >= first)
    # Escape: first what is open, then the tool, then the selection
    page.keyboard.press("?")
    expect(page.locator("dialog.keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog.keys")).to_be_hidden()
    page.get_by_role("button", name="Layers").click()
    expect(page.locator(".menu")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".menu")).to_be_hidden()
    expect(page.get_by_role("button", name="Lasso")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Move the map")).to_have_attribute("aria-pressed", "true")
    assert selected(page) > 0
    page.keyboard.press("Escape")
    assert eventually(page, lambda: selected(page) == 0)
    explore.settle(page)
    assert "selected=" not in page.url


def test_images_are_selected_by_keys_and_by_a_link(digits: Page, app: AppServer) -> None:
    page, labels = digits, checkpoint_files.read(DIGITS, paths.PROJECT / "checkpoints").latents.labels
    page.get_by_role("button", name="Search and select").press("Enter")
    page.locator("[name=label]").select_option(label="3")
    page.locator(".take-class").press("Enter")
    expect(page).to_have_url(re.compile("selected=class%3A3"))
    assert eventually(page, lambda: selected(page) >= (labels == 3).sum())
    page.locator("[name=near]").fill("7")
    page.locator("[name=near]").press("Enter")
    expect(page).to_have_url(re.compile("selected=near%3A30%3A7"))
    assert eventually(page, lambda: selected(page) == 7)
    assert not veiled(page, 30)
    page.locator("[name=near]").fill("100000")
    page.locator("[name=near]").press("Enter")
    expect(page.locator(".more .problem")).to_contain_text("expected 1 to")
    # / searches: the row is selected and shown
    page.keyboard.press("Escape")
    expect(page.locator(".more")).to_be_hidden()
    page.keyboard.press("/")
    expect(page.locator("[name=query]")).to_be_focused()
    page.keyboard.type("nobody")
    page.keyboard.press("Enter")
    expect(page.locator(".more .problem")).to_contain_text("Nothing found")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    expect(page.locator(".found button")).to_have_text(["row 3", re.compile(r"class 3\d+ images")])
    first = page.locator(".found button").first
    expect(first).to_be_focused()
    tall = first.evaluate("button => button.offsetHeight")
    first.locator(".name").evaluate("name => { name.textContent = 'folder/'.repeat(40) }")
    assert (
        first.evaluate("button => button.offsetHeight") == tall
    )  # a long name is cut off, so that all that was found fits the window
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("selected=rows%3A3.*row=3"))
    assert eventually(page, lambda: selected(page) == 1)
    # the address leads to a selection, and says what it gets wrong
    page.goto(f"{app.url}/?model={DIGITS}&selected=rows:{10 * len(labels)}")
    explore.wait_usable(page)
    expect(page.get_by_test_id("stAlert")).to_contain_text(f"no image {10 * len(labels)}")


def test_the_tray_shows_what_is_selected_and_keeps_it(app: AppServer, page: Page) -> None:
    explore.open_explore(page, app, f"?model={DIGITS}&map=pca&row=30&selected=near:30:7")
    assert eventually(page, lambda: selected(page) == 7)
    page.get_by_role("button", name="Look closer").click()
    tray = page.locator(".st-key-tray")
    expect(tray).to_contain_text("7 images selected")
    explore.settle(page)
    expect(page).to_have_url(re.compile("tray=images"))
    expect(tray.get_by_role("table", name="Classes of the selected images")).to_be_visible()
    sheet = tray.locator(".sheet[data-count='7'][data-drawn]")
    sheet.locator("canvas").first.click(position={"x": 20, "y": 20})
    expect(page).to_have_url(re.compile(r"row=\d+"))  # the most typical one; the tools follow, and so does the ring
    assert eventually(page, lambda: "row=30&" not in f"{page.url}&")
    # a name for them, which the address then has; Escape closes what is open, and leaves the selection alone
    tray.get_by_role("button", name="Tags").click()
    page.get_by_test_id("stPopoverBody").get_by_label("Name", exact=True).fill("curly + odd")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_test_id("stPopoverBody")).to_contain_text("no name for a tag")
    page.get_by_test_id("stPopoverBody").get_by_label("Name", exact=True).fill("curly")
    page.get_by_role("button", name="Keep").click()
    expect(page).to_have_url(re.compile("selected=tag%3Acurly"))
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)
    assert selected(page) == 7
    tray.get_by_role("button", name="Export").click()
    with page.expect_download() as table:
        page.get_by_role("button", name="Table (CSV)").click()
    lines = table.value.path().read_text(encoding="utf-8").splitlines()
    assert table.value.suggested_filename == f"{DIGITS}-7-selected.csv"
    assert lines[0].startswith("row,split,row_in_split,class,tags,")
    assert len(lines) == 8
    page.keyboard.press("Escape")
    tray.get_by_role("radio", name="Neighbours").click()
    explore.settle(page)
    expect(tray).to_contain_text("By pixels")
    expect(page).to_have_url(re.compile("tray=near"))  # without another part of the page that writes it
    target = explore.lonely_point(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")  # away with what lies over the map
    page.mouse.click(target.x, target.y)
    expect(tray).to_contain_text(f"Nearest to row {target.row}")
    tray.get_by_role("button", name="Close").click()
    expect(page.locator("canvas.decoded")).to_be_visible()
    page.go_back()
    expect(tray).to_be_visible()
