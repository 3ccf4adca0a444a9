"""Journeys through Generate in a real browser."""

from __future__ import annotations

import io
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from PIL.GifImagePlugin import GifImageFile
from playwright.sync_api import Page, expect

from tests.browser.drive import explore, generate
from tests.browser.drive.server import AppServer
from tests.browser.drive.visit import wait_idle
from vae.checkpoints import checkpoint_files
from vae.data import datasets
from vae.generation import groups

DIGITS = "digits-mlp-8"
SIDE = 8  # pixels of a digit
GREY_LEVELS = 2


def test_a_sample_is_pinned_and_opened_in_explore(app: AppServer, page: Page) -> None:
    generate.open_generate(page, app, DIGITS, seed="7")
    expect(generate.sheet(page, "samples")).to_have_attribute("data-count", "100")
    generate.press_picture(page, "samples", 37)
    sample = generate.chosen_picture(page, "samples", SIDE)
    assert sample.max() > 100
    page.get_by_role("button", name="Pin", exact=True).click()
    expect(page).to_have_url(re.compile("[?&]pin="))
    wait_idle(page)
    [token] = generate.settings(page)["pin"]
    z = [float(value) for value in token.removeprefix("z:").partition("@")[0].split(",")]
    assert len(z) == 8
    expect(generate.sheet(page, "pins")).to_have_attribute("data-count", "1")
    expect(page.locator(".st-key-shelf p").filter(has_text="Prior, seed 7, sample 37")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download", exact=True).click()
    with Image.open(download.value.path()) as picture:
        assert picture.width >= 1_200  # fit for a slide

    page.get_by_role("button", name="Explore from here").click()
    expect(page).to_have_url(re.compile(r"[?&]z="))
    wait_idle(page)
    explore.wait_usable(page)
    linked = [float(value) for value in generate.settings(page)["z"][0].split(",")]
    np.testing.assert_allclose(linked, z, atol=1e-4)
    np.testing.assert_allclose(sorted(explore.slider_values(page)), sorted(z), atol=1e-3)
    np.testing.assert_allclose(explore.picture(page, "decoded"), sample, atol=GREY_LEVELS)


def test_the_manifold_is_dragged_and_a_place_is_chosen(app: AppServer, page: Page) -> None:
    generate.open_generate(page, app, "digits-mlp-2", view="manifold", scale="even")
    generate.wait_complete(page)
    before, stage = generate.asked_tiles(page), generate.box_of(page.locator(generate.STAGE))
    assert before == 400
    generate.drag(page, stage, 0.3, 0.2)
    expect(page.locator(".manifold")).not_to_have_attribute("data-asked", str(before))
    generate.wait_complete(page)
    assert 400 < generate.asked_tiles(page) < 700  # only what came into view
    expect(page.locator(".st-key-sample-pin")).to_have_count(0)  # a drag chooses nothing

    page.mouse.click(stage.x + stage.width / 4, stage.y + stage.height / 4)
    expect(page.get_by_role("button", name="Pin", exact=True)).to_be_visible(timeout=60_000)  # PyTorch is loaded
    expect(page.get_by_text("Place on the manifold")).to_be_visible()
    page.get_by_role("button", name="Pin", exact=True).click()
    expect(page).to_have_url(re.compile("[?&]pin="))  # the run before it may still look for the nearest image
    wait_idle(page)
    settings = generate.settings(page)
    assert re.fullmatch(r"z:-?[\d.]+,-?[\d.]+@Place on the manifold", settings["pin"][0])
    assert [float(share) for share in settings["window"][0].split(",")] == pytest.approx([-0.3, -0.2, 1], abs=0.01)
    expect(page.get_by_text("Place on the manifold").first).to_be_visible()  # it was pinned where it was clicked

    parts = [page.locator(f".manifold .{part}") for part in ("ticks-a", "ticks-b", "readout")]
    page.mouse.move(2, 2)
    expect(page.locator(".caption")).to_have_text("At the ring")
    shown = [part.inner_text() for part in parts]
    page.reload()
    wait_idle(page)
    generate.wait_complete(page)
    assert [part.inner_text() for part in parts] == shown
    assert generate.settings(page) == settings


def test_a_direction_is_built_slid_and_kept(app: AppServer, page: Page) -> None:
    sent = generate.count_messages(page)
    generate.open_generate(page, app, DIGITS, view="directions", a="class:1", b="class:7", pin="row:5")
    expect(page.get_by_text(re.compile("Real: it tells held-out images apart"))).to_be_visible()
    page.wait_for_selector(generate.SCRUB)
    page.evaluate(
        """() => {
            window.pictures = new Set()
            document.addEventListener("latent-drawn", (event) => {
                const canvas = event.composedPath()[0].querySelector("canvas.decoded")
                const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
                window.pictures.add(data.join())
            })
        }"""
    )
    track = generate.grab(page)
    page.wait_for_timeout(300)
    heard, before = len(sent), page.url
    for share in np.linspace(0.5, 0.9, 25):
        page.mouse.move(track.x + share * track.width, track.y + track.height / 2)
        page.wait_for_timeout(20)
    assert page.evaluate("window.pictures.size") >= 12
    assert [len(sent), page.url] == [heard, before]  # the server has been told nothing yet
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"[?&]strength=1\.[56]"))
    wait_idle(page)

    page.get_by_text("Keep directions and compare them").click()
    name = page.get_by_label("Name", exact=True)
    name.fill("one <b>against</b> seven")
    name.press("Tab")
    wait_idle(page)
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_role("button", name="Export all (JSON)")).to_be_visible()
    wait_idle(page)
    page.reload()
    wait_idle(page)
    page.wait_for_selector(generate.SCRUB)
    assert float(page.locator(generate.SCRUB).get_attribute("data-t") or 0) > 1.5
    page.get_by_test_id("stSelectbox").filter(has_text="Direction").get_by_role("combobox").click()
    page.get_by_role("option", name="one <b>against</b> seven").click()
    expect(page).to_have_url(re.compile(r"[?&]direction=one"))
    expect(page.get_by_text(re.compile("Real: it tells held-out images apart"))).to_be_visible()


def test_an_interpolation_is_exported_as_an_animation(app: AppServer, page: Page) -> None:
    generate.open_generate(page, app, DIGITS, view="interpolation")
    page.wait_for_selector(generate.SCRUB)  # it opens with an example
    expect(page.get_by_text("(an example)")).to_be_visible()
    pin_rows(page, 5, 9)
    page.wait_for_selector(generate.SCRUB)
    expect(generate.sheet(page, "interpolation")).to_have_attribute("data-count", "12")
    first = canvas(page, "canvas.decoded")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Distance chart (SVG)").click()
    chart = ElementTree.fromstring(Path(download.value.path()).read_text())  # noqa: S314
    assert chart.tag.endswith("svg")
    assert len(chart.findall("{*}circle")) == 12
    with page.expect_download() as download:
        page.get_by_role("button", name="Animation (GIF)").click()
    assert download.value.suggested_filename == "digits-mlp-8-interpolation.gif"
    with Image.open(download.value.path()) as animation:
        assert isinstance(animation, GifImageFile)
        assert [animation.n_frames, animation.size] == [22, (200, 200)]  # 12 pictures there, 10 back; 25 pixels for one
        stills = []
        for frame in range(animation.n_frames):
            animation.seek(frame)
            stills.append(np.asarray(animation.convert("L"), dtype=int)[12::25, 12::25].ravel())
    np.testing.assert_allclose(stills[0], first, atol=GREY_LEVELS)
    page.keyboard.press("Escape")
    page.get_by_role("button", name=re.compile("^image 9")).click()  # the other end of the way
    wait_idle(page)
    np.testing.assert_allclose(stills[11], canvas(page, "canvas.decoded"), atol=GREY_LEVELS)
    assert np.abs(stills[11] - stills[0]).max() > 50


def pin_rows(page: Page, *rows: int) -> None:
    """Pin test images through `Add an image`."""
    field = page.get_by_label(re.compile("^Row, 0 to"))
    for row in rows:
        page.get_by_role("button", name="Add an image").click()
        field.fill(str(row))
        page.keyboard.press("Enter")
        wait_idle(page)
        page.get_by_role("button", name="Pin this one").click()
        expect(page.get_by_role("dialog")).to_be_hidden()
        wait_idle(page)


def canvas(page: Page, selector: str) -> list[int]:
    """The red channel of the scrubber's canvas."""
    values: list[int] = page.locator(f"{generate.SCRUB} {selector}").evaluate(
        """(canvas) => {
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
            return Array.from({ length: data.length / 4 }, (_, i) => data[4 * i])
        }"""
    )
    return values


def test_links_to_all_views_in_the_dark_in_a_narrow_window(
    app: AppServer, page: Page, console_errors: list[str]
) -> None:
    page.set_viewport_size({"width": 900, "height": 900})
    page.emulate_media(color_scheme="dark")
    wide = []
    for view in generate.VIEWS:
        generate.open_generate(page, app, DIGITS, view=view, pin="row:3&pin=class:4")
        expect(page.get_by_role("radio", name=view.capitalize(), exact=True)).to_be_checked()
        page.wait_for_selector(".sheet[data-drawn], .manifold[data-missing='0']")
        page.wait_for_timeout(200)
        background = page.evaluate("() => getComputedStyle(document.querySelector('.stApp')).backgroundColor")
        assert max(map(int, re.findall(r"\d+", background)[:3])) < 80, f"{background} is not dark"
        assert page.get_by_test_id("stAlert").count() == page.get_by_test_id("stException").count() == 0
        wide += [f"{view}: {problem}" for problem in generate.too_wide(page)]
    assert generate.unknown_errors(console_errors) == []
    assert wide == []


def test_a_picture_of_ones_own_is_pinned(app: AppServer, page: Page, tmp_path: Path) -> None:
    generate.open_generate(page, app, DIGITS, view="traversals")
    page.get_by_role("button", name="Add an image").click()
    page.get_by_role("radio", name="Own image").click(force=True)
    wait_idle(page)
    picture = datasets.load("digits", "test").images[0, 0].repeat(20, 0).repeat(20, 1)
    content = io.BytesIO()
    Image.fromarray(picture).save(content, "PNG")
    upload = page.get_by_test_id("stFileUploader").locator("input[type=file]")
    upload.set_input_files({"name": "own.png", "mimeType": "image/png", "buffer": content.getvalue()})
    expect(page.get_by_text("What the model sees")).to_be_visible()
    wait_idle(page)
    button = page.get_by_role("button", name="Pin it")
    box = generate.box_of(button)
    assert box.y + box.height <= 900  # inside the window
    button.click()
    expect(generate.sheet(page, "pins")).to_have_attribute("data-count", "1")
    expect(page.locator(".st-key-shelf p").filter(has_text="own image own.png")).to_be_visible()
    wait_idle(page)
    [token] = generate.settings(page)["pin"]
    assert token.startswith("z:")
    assert token.endswith("@own image own.png")


def test_images_of_a_group_are_picked_by_clicking(app: AppServer, page: Page) -> None:
    generate.open_generate(page, app, DIGITS, view="directions")
    page.locator(".st-key-group-kind-a").get_by_role("combobox").click()
    page.get_by_role("option", name="Images").click()
    expect(page.get_by_text("Pick the images of group A")).to_be_visible()
    wait_idle(page)
    page.get_by_role("button", name="Pick images").click()
    wait_idle(page)
    for place in (7, 3, 4, 5, 3):  # faster than Python answers; the last one takes 3 back
        generate.click_picture(page, "group-pick-a-sheet-0", place)
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("3 picked")).to_be_visible()
    expect(generate.sheet(page, "group-pick-a-sheet-0")).to_have_attribute("data-picked", "3")

    labels = datasets.load("digits", "test").labels
    eights = np.flatnonzero(labels == 8)
    dialog.get_by_role("combobox", name="Show").click()
    page.get_by_role("option", name="Class 8").click()
    wait_idle(page)
    expect(generate.sheet(page, "group-pick-a-sheet-0")).to_have_attribute("data-count", str(len(eights)))
    page.locator(".st-key-group-pick-a-sheet-0 .viewport").focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    wait_idle(page)
    dialog.get_by_role("button", name="Done").click()
    wait_idle(page)
    expect(dialog).to_be_hidden()
    rows = {4, 5, 7, int(eights[-1])}
    [text] = generate.settings(page)["a"]
    assert set(groups.parse(text, checkpoint_files.read(DIGITS)).rows.tolist()) == rows
    expect(page.get_by_text(re.compile(r"^4 and \d+ test images"))).to_be_visible()
    expect(generate.sheet(page, "direction-strip")).to_be_visible()

    page.get_by_role("button", name="Pick images").click()
    wait_idle(page)
    expect(generate.sheet(page, "group-pick-a-sheet-0")).to_have_attribute("data-picked", "3")  # of the first page
    dialog.get_by_role("button", name="Clear").click()
    expect(dialog.get_by_text("0 picked")).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    expect(page.get_by_text("Pick the images of group A")).to_be_visible()


def test_test_images_are_pinned_by_clicking(app: AppServer, page: Page) -> None:
    generate.open_generate(page, app, DIGITS, view="interpolation", pin="class:4&pin=row:2")
    page.get_by_role("button", name="Add an image").click()
    wait_idle(page)
    expect(generate.sheet(page, "pins-pick-sheet-0")).to_have_attribute("data-picked", "1")
    for place in (2, 6):  # the one that is pinned goes, another comes
        generate.press_picture(page, "pins-pick-sheet-0", place)
    page.get_by_role("dialog").get_by_role("button", name="Done").click()
    wait_idle(page)
    assert generate.settings(page)["pin"] == ["class:4", "row:6"]
    expect(generate.sheet(page, "pins")).to_have_attribute("data-count", "2")


def test_back_soon_after_a_view_was_chosen(app: AppServer, page: Page) -> None:
    generate.open_generate(page, app, DIGITS)
    for view in ("Traversals", "Directions", "Interpolation"):
        generate.go(page, view)
    page.wait_for_timeout(900)  # a wrong click, and Back a second later
    page.go_back()
    expect(page.get_by_role("radio", name="Directions", exact=True)).to_be_checked()
    page.wait_for_timeout(900)
    page.go_back()
    expect(page.get_by_role("radio", name="Traversals", exact=True)).to_be_checked()


def test_more_images_than_the_shelf_holds_are_refused_and_unticked(app: AppServer, page: Page) -> None:
    pins = "&pin=".join(f"row:{row}" for row in range(12))
    generate.open_generate(page, app, DIGITS, view="traversals", pin=pins)
    page.get_by_role("button", name="Add an image").click()
    wait_idle(page)
    generate.click_only(page, "pins-pick-sheet-0", 20)
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("12 images are pinned already, the most there can be.")).to_be_visible()
    expect(dialog.get_by_text("12 picked")).to_be_visible()
    expect(generate.sheet(page, "pins-pick-sheet-1")).to_have_attribute("data-picked", "12")
    dialog.get_by_role("button", name="Done").click()
    wait_idle(page)
    assert generate.settings(page)["pin"] == [f"row:{row}" for row in range(12)]


def test_pins_that_this_model_lacks_disturb_no_picking(app: AppServer, page: Page) -> None:
    generate.open_generate(page, app, DIGITS, view="traversals", pin="row:abc&pin=row:99999&pin=row:5")
    page.get_by_role("button", name="Add an image").click()
    wait_idle(page)
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("1 picked")).to_be_visible()
    dialog.get_by_role("combobox", name="Show").click()
    page.get_by_role("option", name="Those picked").click()
    wait_idle(page)
    expect(generate.sheet(page, "pins-pick-sheet-0")).to_have_attribute("data-count", "1")
    assert page.get_by_text("Something went wrong").count() == 0
