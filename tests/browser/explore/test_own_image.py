"""Journeys with one own image in Explore: drawn, dropped, pasted; where it lands, and what can be done with it."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.drive import explore, own_image
from tests.browser.drive.server import AppServer
from tests.browser.drive.visit import eventually
from vae.checkpoints import checkpoint_files
from vae.data import datasets
from vae.storage import paths

DIGITS = "digits-mlp-8"
ROW = 12
ONE = [(0.5, 0.06), (0.5, 0.94)]


@pytest.fixture
def tool(app: AppServer, page: Page) -> Page:
    """The tool of a model of grey images of 8×8, on the map that places any vector."""
    explore.open_explore(page, app, f"?model={DIGITS}&map=pca")
    own_image.open_tool(page)
    return page


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def becomes(tool: Page, pixels: np.ndarray) -> bool:
    """Whether the canvas shows them soon."""
    wanted = pixels.ravel().tolist()
    return eventually(tool, lambda: own_image.pixels(tool) == wanted)


def test_a_drawn_digit_lands_among_its_class_and_becomes_the_place_of_the_sliders(
    tool: Page, console_errors: list[str]
) -> None:
    expect(tool.get_by_role("button", name="Explore from here")).to_be_disabled()
    own_image.draw(tool, ONE, steps=12)
    neighbours = tool.locator(".neighbours")
    expect(neighbours).to_contain_text(re.compile("^Nearest 8 images: [5-8] of class 1"))
    expect(tool.get_by_test_id("own-image-spread")).to_be_visible()
    expect(tool.get_by_test_id("you-are-here")).to_be_hidden()
    expect(tool.locator(".strip button.is-drawn")).to_have_count(8)
    checkpoint = checkpoint_files.read(DIGITS, paths.PROJECT / "checkpoints")
    pca, ones = checkpoint.maps["pca"].xy, checkpoint.latents.labels == 1
    middle = np.median(pca[ones], axis=0)
    spread = np.linalg.norm(pca - middle, axis=1)
    assert np.linalg.norm(np.array(own_image.mark(tool)) - middle) < np.median(spread)
    # keys: a second stroke with the pen, undone and done again
    drawn = own_image.pixels(tool)
    tool.locator("canvas.pad").focus()
    for key in ("ArrowLeft", "ArrowLeft", "Space", "Shift+ArrowUp", "Space"):
        tool.keyboard.press(key)
    assert (keyed := own_image.pixels(tool)) != drawn
    tool.keyboard.press("Control+z")
    assert own_image.pixels(tool) == drawn
    tool.keyboard.press("Control+y")
    assert own_image.pixels(tool) == keyed
    tool.keyboard.press("Control+z")
    # kept, and explored from
    tool.get_by_role("button", name="Pin", exact=True).click()
    expect(tool.get_by_role("button", name="Pinned")).to_be_disabled()
    tool.get_by_role("button", name="Explore from here").click()
    expect(tool.locator("section.own")).to_have_count(0)
    expect(tool.locator(".decoded-caption")).to_be_visible()
    assert eventually(tool, lambda: max(map(abs, explore.slider_values(tool))) > 0.2)
    explore.settle(tool)
    tool.get_by_label("Undo", exact=True).click()
    assert eventually(tool, lambda: max(map(abs, explore.slider_values(tool))) == 0)
    assert console_errors == []


def test_a_test_image_put_onto_the_canvas_lands_on_its_own_point(tool: Page) -> None:
    checkpoint = checkpoint_files.read(DIGITS, paths.PROJECT / "checkpoints")
    image = datasets.load("digits", "test").images[ROW]
    own_image.drop(tool, png(image[0]))
    expect(tool.locator(".changes")).to_have_text("Own image, as it is.")
    assert own_image.pixels(tool) == image.ravel().tolist()
    np.testing.assert_allclose(own_image.mark(tool), checkpoint.maps["pca"].xy[ROW], atol=1e-3)
    expect(tool.locator(".strip button").first).to_have_attribute("title", re.compile(f"^Row {ROW}, "))
    error = checkpoint.latents.squared_error
    expect(tool.locator(".found .numbers")).to_contain_text(f"{error[ROW]:.2f}")
    below = int((error < error[ROW]).sum())
    count = below if below >= len(error) / 2 else len(error) - below
    said = tool.locator(".found .compared").first.inner_text().split()[-1]
    assert abs(int(said) - count) <= 1  # it may count itself
    # a click on the map, and one on a neighbour, put that image there
    target = explore.lonely_point(tool)
    tool.mouse.click(target.x, target.y)
    expect(tool.locator(".changes")).to_have_text(f"Test image, row {target.row}.")
    assert own_image.pixels(tool) == datasets.load("digits", "test").images[target.row].ravel().tolist()
    np.testing.assert_allclose(own_image.mark(tool), checkpoint.maps["pca"].xy[target.row], atol=1e-3)
    tool.get_by_role("button", name="Undo").click()
    assert own_image.pixels(tool) == image.ravel().tolist()
    # pasted, wherever the focus is: the width of the pen is no text
    for where, pasted in (("body", 255 - image[0]), ("section.own .size", image[0])):
        own_image.paste(tool, png(pasted), where)
        expect(tool.locator(".changes")).to_have_text("Own image, as it is.")
        assert becomes(tool, pasted)
    # a finger draws; a second one beside it draws nothing
    tool.get_by_role("button", name="Clear").click()
    own_image.draw_by_touch(tool, [(0.5, 0.06), (0.5, 0.4), (0.5, 0.7), (0.5, 0.94)], beside=(0.05, 0.9))
    expect(tool.locator(".neighbours")).to_contain_text(re.compile("^Nearest 8 images: [5-8] of class 1"))
    touched = np.array(own_image.pixels(tool)).reshape(8, 8)
    assert touched[:, 3:5].min() > 0
    assert touched[:, :2].max() == 0


def test_a_wide_colour_picture_is_fitted_to_a_grey_model_and_the_page_says_how(tool: Page) -> None:
    y, x = np.mgrid[:240, :320]
    pixels = np.stack([255 * (abs(x - 160) < 30), 40 + 0 * x, 255 * (abs(y - 120) < 100)], -1).astype(np.uint8)
    own_image.drop(tool, png(pixels))
    expect(tool.locator(".changes")).to_have_text(
        "Own image: cut to a square from its middle, scaled from 240×240 to 8×8 and made grey."
    )
    expect(tool.locator(".trust")).to_have_attribute("data-level", "far")
    expect(tool.locator(".trust")).to_contain_text("Unlike the data")
    before = own_image.pixels(tool)
    tool.get_by_role("button", name="Invert").click()
    assert own_image.pixels(tool) == [255 - value for value in before]
    # what is no picture changes nothing; nor does a camera that is not there
    own_image.drop(tool, b"no picture", "a.txt", "text/plain")
    expect(tool.locator(".changes")).to_contain_text("can't read this file as an image")
    tool.get_by_role("button", name="Camera").click()
    expect(tool.locator(".changes")).to_contain_text("camera")
    assert own_image.pixels(tool) == [255 - value for value in before]
    tool.get_by_role("button", name="Clear").click()
    expect(tool.locator("section.own")).to_have_attribute("data-empty", "yes")
    expect(tool.get_by_test_id("own-image-here")).to_be_hidden()
    tool.get_by_role("button", name="Close").click()
    expect(tool.locator("section.own")).to_have_count(0)
    expect(tool.get_by_test_id("you-are-here")).to_be_visible()
