"""Journeys through Explore in a real browser."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.drive import explore
from tests.browser.drive.server import AppServer
from tests.browser.drive.visit import eventually, open_page, wait_idle
from vae.checkpoints import checkpoint_files
from vae.data import datasets
from vae.storage import paths

DIGITS = "digits-mlp-8"


@pytest.fixture
def digits(app: AppServer, page: Page) -> Page:
    """Explore with a digits model, whose originals are always on the machine."""
    explore.open_explore(page, app, f"?model={DIGITS}")
    return page


def test_the_first_view_is_complete(app: AppServer, page: Page, console_errors: list[str]) -> None:
    explore.open_explore(page, app)
    expect(page.get_by_text(re.compile(r"^[\d,]+ .* test images · "))).to_be_visible()
    assert max(explore.picture(page, "decoded")) > 20  # the origin decodes to something
    shown = page.evaluate("s => document.querySelector(s)._fullData.reduce((n, t) => n + t.x.length, 0)", explore.CHART)
    dataset = page.evaluate("() => [...window.latentSpaceExplorer.models.values()][0].tensors.mu.shape[0]")
    assert shown == dataset > 300
    box = page.locator(".panel .sliders").bounding_box()
    assert box is not None
    assert box["y"] < 700  # map and sliders are seen together without scrolling
    assert console_errors == []


def test_the_picture_follows_the_slider_while_it_is_dragged(digits: Page) -> None:
    digits.evaluate(
        """() => {
            window.pictures = new Set()
            document.addEventListener("latent-drawn", (event) => {
                const canvas = event.composedPath()[0].querySelector("canvas.decoded")
                const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
                window.pictures.add(data.join())
            })
        }"""
    )
    before = digits.url
    left, right, y = explore.grab(digits)
    for share in np.linspace(0.5, 0.95, 30):
        digits.mouse.move(left + share * (right - left), y)
        digits.wait_for_timeout(20)
    assert digits.evaluate("window.pictures.size") >= 15
    assert digits.url == before  # the server has been told nothing yet
    digits.mouse.up()
    explore.settle(digits)
    expect(digits).to_have_url(re.compile(r"[?&]z="))
    assert explore.slider_values(digits)[0] > 1.5


def test_a_click_shows_original_and_reconstruction_and_moves_the_sliders(digits: Page) -> None:
    start = explore.slider_values(digits)
    target = explore.lonely_point(digits)
    digits.mouse.click(target.x, target.y)
    checkpoint = checkpoint_files.read(DIGITS, paths.PROJECT / "checkpoints")
    expect(digits.locator(".panel")).to_have_attribute("data-row", str(target.row))
    order = np.argsort(-checkpoint.latents.kl_per_dim(), kind="stable")
    np.testing.assert_allclose(explore.slider_values(digits), checkpoint.latents.mu[target.row][order], atol=1e-3)
    assert explore.slider_values(digits) != start
    label = checkpoint.latents.labels[target.row]
    expect(digits.locator(".class-name")).to_have_text(f"class {label}")
    expect(digits.get_by_label("Select an image by its row")).to_have_value(str(target.row))
    expect(digits.locator(".numbers")).to_contain_text(f"−{-checkpoint.latents.elbo[target.row]:.1f} nats")
    explore.settle(digits)
    original = datasets.load("digits", "test").images[target.row].ravel()
    np.testing.assert_allclose(explore.picture(digits, "original"), original, atol=1)
    difference = np.abs(original - np.array(explore.picture(digits, "decoded"), dtype=float))
    np.testing.assert_allclose(explore.picture(digits, "difference"), difference, atol=2)
    # below each slider, where the image's posterior is
    bound = digits.locator(".slider input[type=range]").first.evaluate("e => Number(e.max)")
    marks = digits.locator(".slider.is-marked").evaluate_all(
        "all => all.map((e) => ['--low', '--mean', '--high'].map((name) => Number(e.style.getPropertyValue(name))))"
    )
    assert len(marks) == len(order)
    mean, sigma = (array[target.row][order[0]] for array in (checkpoint.latents.mu, checkpoint.latents.sigma))
    expected = (np.array([mean - sigma, mean, mean + sigma]) + bound) / (2 * bound)
    np.testing.assert_allclose(marks[0], expected, atol=1e-3)
    # the next one moves them on
    digits.get_by_label("Select an image by its row").fill("5")
    digits.keyboard.press("Enter")
    expect(digits.locator(".panel")).to_have_attribute("data-row", "5")
    explore.settle(digits)
    np.testing.assert_allclose(
        explore.picture(digits, "original"), datasets.load("digits", "test").images[5].ravel(), atol=1
    )


def test_the_first_steps_are_shown_until_they_are_dismissed(app: AppServer, page: Page) -> None:
    open_page(page, app, f"?model={DIGITS}")
    steps = page.get_by_role("region", name="First steps")
    expect(steps.get_by_role("listitem")).to_have_count(3)
    page.reload()
    expect(steps).to_be_visible()
    steps.get_by_role("button", name="Got it").press("Enter")
    expect(steps).to_be_hidden()
    page.reload()
    wait_idle(page)
    explore.wait_usable(page)
    expect(steps).to_be_hidden()


def test_zoom_survives_a_click(digits: Page) -> None:
    whole = explore.ranges(digits)
    middle = explore.point(digits, 0, 0)
    digits.mouse.move(middle.x, middle.y)
    for _ in range(4):
        digits.mouse.wheel(0, -300)
        digits.wait_for_timeout(100)

    def wide() -> float:
        left, right, *_ = explore.ranges(digits)
        return abs(right - left)

    assert eventually(digits, lambda: wide() < 0.8 * abs(whole[1] - whole[0]))
    digits.wait_for_timeout(500)  # it glides on for a moment
    zoomed = explore.ranges(digits)
    target = explore.lonely_point(digits)
    digits.mouse.click(target.x, target.y)
    explore.settle(digits)
    expect(digits.locator(".panel")).to_have_attribute("data-row", str(target.row))
    np.testing.assert_allclose(explore.ranges(digits), zoomed, rtol=1e-6)
    marker = digits.get_by_test_id("you-are-here").bounding_box()
    assert marker is not None
    assert abs(marker["x"] + marker["width"] / 2 - target.x) < 3
    assert abs(marker["y"] + marker["height"] / 2 - target.y) < 3


def test_another_checkpoint_can_be_picked(digits: Page) -> None:
    digits.get_by_label("Select an image by its row").fill("7")
    digits.keyboard.press("Enter")
    explore.settle(digits)
    digits.get_by_test_id("stSelectbox").filter(has_text="Model").get_by_role("combobox").click()
    digits.get_by_role("option", name=re.compile("digits-mlp-2")).click()
    wait_idle(digits)
    explore.wait_usable(digits)
    expect(digits.locator(".slider")).to_have_count(2)
    expect(digits).to_have_url(re.compile(r"model=digits-mlp-2~[0-9a-f]{8}|model=digits-mlp-2%7E[0-9a-f]{8}"))
    expect(digits.locator(".panel")).to_have_attribute("data-row", "7")  # the same images: the same image


def test_a_link_restores_checkpoint_map_and_row(app: AppServer, page: Page) -> None:
    explore.open_explore(page, app, "?model=digits-mlp-8&map=pca&row=12")
    expect(page.locator(".panel")).to_have_attribute("data-row", "12")
    expect(page.get_by_role("radio", name="PCA")).to_be_checked()
    expect(page).to_have_url(re.compile("map=pca"))
    copied = page.url
    other = page.context.new_page()
    other.goto(copied)
    wait_idle(other)
    explore.wait_usable(other)
    expect(other.locator(".panel")).to_have_attribute("data-row", "12")
    expect(other.get_by_role("radio", name="PCA")).to_be_checked()
    explore.settle(other)
    np.testing.assert_allclose(
        explore.picture(other, "original"), datasets.load("digits", "test").images[12].ravel(), atol=1
    )


def test_a_link_restores_a_vector(app: AppServer, page: Page) -> None:
    explore.open_explore(page, app, "?model=digits-mlp-2&row=3&z=0.5,-1.25")
    shown = page.locator(".slider").evaluate_all(
        "all => Object.fromEntries(all.map((s) => [s.querySelector('.name').textContent, "
        "s.querySelector('[type=range]').valueAsNumber]))"
    )
    assert shown == {"z0": 0.5, "z1": -1.25}


# tests/pages/explore has every way in which a link can be wrong; here, that a browser sends it and shows the answer.
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?model=digits-mlp-8&row=99999999", "expected a whole number from 0 to 359"),
        ("?model=<script>alert(1)</script>", "not a checkpoint's name"),
    ],
)
def test_a_wrong_link_is_explained_and_the_app_goes_on(app: AppServer, page: Page, query: str, said: str) -> None:
    explore.open_explore(page, app, query)
    expect(page.get_by_test_id("stAlert")).to_contain_text(said)
    assert page.get_by_test_id("stException").count() == 0


def to_train_and_back(page: Page) -> None:
    page.get_by_test_id("stSidebar").get_by_role("link", name="Train").click()
    expect(page).to_have_url(re.compile("/train"))
    wait_idle(page)
    page.go_back()
    wait_idle(page)
    explore.wait_usable(page)


def test_train_and_back_keeps_checkpoint_and_row(digits: Page) -> None:
    digits.get_by_label("Select an image by its row").fill("21")
    digits.keyboard.press("Enter")
    explore.settle(digits)
    to_train_and_back(digits)
    expect(digits.locator(".panel")).to_have_attribute("data-row", "21")
    expect(digits.locator(".slider")).to_have_count(8)
    digits.get_by_test_id("stSidebar").get_by_role("link", name="Train").click()
    expect(digits).to_have_url(re.compile("/train"))
    wait_idle(digits)
    digits.get_by_test_id("stSidebar").get_by_role("link", name="Explore").click()
    wait_idle(digits)
    explore.wait_usable(digits)
    expect(digits.locator(".panel")).to_have_attribute("data-row", "21")
    expect(digits.locator(".slider")).to_have_count(8)


def test_everything_works_with_the_keyboard_alone(digits: Page) -> None:
    row = digits.get_by_label("Select an image by its row")
    row.focus()
    digits.keyboard.type("9")
    digits.keyboard.press("Enter")
    expect(digits.locator(".panel")).to_have_attribute("data-row", "9")
    before = explore.picture(digits, "decoded")
    explore.slider(digits).focus()
    focused = digits.evaluate(
        """() => {
            let element = document.activeElement
            while (element.shadowRoot) element = element.shadowRoot.activeElement
            return element.ariaLabel
        }"""
    )
    assert focused.startswith("Latent dimension")
    value = explore.slider_values(digits)[0]
    digits.keyboard.press("ArrowRight")
    assert explore.slider_values(digits)[0] == pytest.approx(value + 0.05, abs=1e-3)
    digits.keyboard.press("Shift+ArrowRight")
    assert explore.slider_values(digits)[0] == pytest.approx(value + 0.55, abs=1e-3)
    assert eventually(digits, lambda: explore.picture(digits, "decoded") != before)
    digits.keyboard.press("Control+z")
    digits.keyboard.press("Control+z")
    assert explore.slider_values(digits)[0] == pytest.approx(value, abs=1e-3)


def test_keys_move_wherever_the_focus_is_but_in_a_field(digits: Page) -> None:
    digits.mouse.click(700, 20)
    start = explore.slider_values(digits)
    digits.keyboard.press("r")
    drawn = explore.slider_values(digits)
    assert np.std(drawn) > 0.1
    explore.slider(digits).focus()
    digits.keyboard.press("0")
    assert explore.slider_values(digits) == pytest.approx([0] * 8)
    digits.keyboard.press("[")
    assert explore.slider_values(digits) == pytest.approx(drawn)
    digits.keyboard.press("[")
    assert explore.slider_values(digits) == pytest.approx(start)
    digits.keyboard.press("]")
    assert explore.slider_values(digits) == pytest.approx(drawn)
    explore.settle(digits)
    # what is typed into a field is no command
    row = digits.get_by_label("Select an image by its row")
    row.focus()
    digits.keyboard.press("0")
    assert row.input_value() == "0"
    assert explore.slider_values(digits) == pytest.approx(drawn)
    explore.slider(digits).focus()
    digits.keyboard.press("?")
    listed = digits.get_by_role("dialog", name="Keys")
    expect(listed).to_contain_text("random draw")
    digits.keyboard.press("Escape")
    expect(listed).to_be_hidden()
    digits.get_by_role("button", name="All keys").click()
    listed.get_by_role("button", name="Close").click()
    expect(listed).to_be_hidden()


def test_buttons_typing_and_double_click_move_too(digits: Page) -> None:
    digits.get_by_role("button", name="Random").click()
    drawn = explore.slider_values(digits)
    assert np.std(drawn) > 0.1
    number = digits.get_by_label(re.compile("^Value of latent dimension")).first
    number.fill("1.5")
    number.press("Enter")
    assert explore.slider_values(digits)[0] == pytest.approx(1.5)
    explore.slider(digits).dblclick()
    assert explore.slider_values(digits)[0] == pytest.approx(0)
    digits.get_by_role("button", name="Undo").click()
    assert explore.slider_values(digits)[0] != pytest.approx(0)
    digits.get_by_role("button", name="Origin").click()
    assert explore.slider_values(digits) == pytest.approx([0] * 8)
    smooth = digits.get_by_label("Smooth")
    smooth.check()
    assert digits.locator("canvas.decoded").evaluate("e => getComputedStyle(e).imageRendering") == "auto"


def test_what_somebody_is_typing_is_not_replaced(digits: Page) -> None:
    """Python's answer to an earlier move, or a move by another control, comes while a number is typed."""
    number = digits.get_by_label(re.compile("^Value of latent dimension")).first
    number.fill("1.5")
    digits.get_by_role("button", name="Random").evaluate("button => button.click()")  # takes no focus
    explore.settle(digits)
    assert number.input_value() == "1.5"
    number.press("Enter")
    assert explore.slider_values(digits)[0] == pytest.approx(1.5)
    explore.settle(digits)
    number.fill("7")
    digits.get_by_role("button", name="Origin").click()  # takes the focus: what was typed counts, then the origin
    assert explore.slider_values(digits) == pytest.approx([0] * 8)
    assert number.input_value() == "0.00"


def test_python_decodes_the_same_picture_and_keeps_ring_row_random_and_undo(digits: Page) -> None:
    digits.get_by_label("Select an image by its row").fill("30")
    digits.keyboard.press("Enter")
    explore.settle(digits)
    live = explore.picture(digits, "decoded")
    ring = digits.get_by_test_id("you-are-here").bounding_box()
    digits.get_by_test_id("stSidebar").get_by_text("Decode in Python").click()
    expect(digits).to_have_url(re.compile("python=yes"), timeout=60_000)
    wait_idle(digits)
    panel = digits.locator(".panel")
    expect(panel).not_to_have_class(re.compile("is-waiting"))
    expect(panel).to_have_attribute("data-row", "30")
    assert digits.get_by_test_id("you-are-here").bounding_box() == ring
    np.testing.assert_allclose(explore.picture(digits, "decoded"), live, atol=1)
    digits.get_by_role("button", name="Random").click()
    expect(panel).not_to_have_class(re.compile("is-waiting"))
    assert explore.picture(digits, "decoded") != live
    digits.get_by_role("button", name="Undo").click()
    expect(panel).not_to_have_class(re.compile("is-waiting"))
    np.testing.assert_allclose(explore.picture(digits, "decoded"), live, atol=1)
    target = explore.lonely_point(digits)
    digits.mouse.click(target.x, target.y)
    expect(panel).to_have_attribute("data-row", str(target.row))
    explore.settle(digits)
    expect(panel).not_to_have_class(re.compile("is-waiting"))
    in_python = explore.picture(digits, "decoded")
    digits.get_by_test_id("stSidebar").get_by_text("Decode in Python").click()
    expect(digits).not_to_have_url(re.compile("python=yes"))
    wait_idle(digits)
    np.testing.assert_allclose(explore.picture(digits, "decoded"), in_python, atol=1)


def visible(page: Page) -> list[bool]:
    """Which classes the map draws."""
    drawn: list[bool] = page.evaluate(
        "s => document.querySelector(s).data.map((trace) => trace.visible !== false)", explore.CHART
    )
    return drawn


# What the map shows in each frame: its projection, its height and the ends of its x axis.
WATCH_MAP = """(selector) => {
    const seen = new Set()
    window.mapsSeen = []
    const look = () => {
        requestAnimationFrame(look)
        const chart = document.querySelector(selector)
        const container = chart?.querySelector(".svg-container")
        if (!chart?._fullLayout?.xaxis || getComputedStyle(container).visibility !== "visible") return
        const projection = chart.layout.meta.map.split(":").at(-2)
        const shown = [projection, Math.round(chart._fullLayout.height), ...chart._fullLayout.xaxis.range]
        if (seen.has(JSON.stringify(shown))) return
        seen.add(JSON.stringify(shown))
        window.mapsSeen.push(shown)
    }
    look()
}"""


def test_zoom_and_hidden_classes_survive_other_colours_and_maps_and_the_link(digits: Page) -> None:
    middle = explore.point(digits, 0, 0)
    digits.mouse.move(middle.x, middle.y)
    whole = explore.ranges(digits)
    digits.mouse.wheel(0, -600)
    assert eventually(digits, lambda: explore.ranges(digits) != whole)
    digits.wait_for_timeout(500)  # it glides on for a moment
    zoomed = explore.ranges(digits)[:2]
    without_3 = [digit != 3 for digit in range(10)]
    legend = digits.get_by_role("group", name="Classes on the map")
    legend.get_by_role("button", name="3").click()
    assert eventually(digits, lambda: visible(digits) == without_3)
    expect(digits.get_by_text(re.compile(r"^3\d\d of 360 .* test images"))).to_be_visible()
    assert explore.ranges(digits)[:2] == zoomed
    digits.get_by_test_id("stSelectbox").filter(has_text="Colour").get_by_role("combobox").click()
    digits.get_by_role("option", name="Colour: KL").click()
    assert eventually(digits, lambda: visible(digits) == without_3 and explore.ranges(digits)[:2] == zoomed)
    expect(digits).to_have_url(re.compile("colour=kl"))
    digits.evaluate(WATCH_MAP, explore.CHART)
    for name in ("PCA", "t-SNE"):
        digits.get_by_role("radio", name=name).check(force=True)
        expect(digits).to_have_url(re.compile(f"map={'pca' if name == 'PCA' else 'tsne'}"))
        wait_idle(digits)
        assert eventually(digits, lambda: visible(digits) == without_3)
    assert eventually(digits, lambda: explore.ranges(digits)[:2] == zoomed)
    digits.wait_for_timeout(500)
    seen = digits.evaluate("window.mapsSeen")  # never the map without its zoom, nor one of another height
    assert {name for name, *_ in seen} == {"pca", "tsne"}
    assert len({height for _, height, *_ in seen}) == 1
    assert {(left, right) for name, _, left, right in seen if name == "tsne"} == {tuple(zoomed)}
    # by keyboard: one class alone, then all
    legend.get_by_role("button", name="5").focus()
    digits.keyboard.press("Shift+Enter")
    expect(digits).to_have_url(re.compile("shown=5"))
    digits.reload()
    wait_idle(digits)
    assert eventually(digits, lambda: visible(digits) == [digit == 5 for digit in range(10)])
    legend.get_by_role("button", name="Show all").press("Enter")
    assert eventually(digits, lambda: all(visible(digits)))
    expect(digits).not_to_have_url(re.compile("shown"))


def test_what_belongs_to_the_image_stays_while_the_picture_shown_moves_on(digits: Page) -> None:
    digits.get_by_label("Select an image by its row").fill("30")
    digits.keyboard.press("Enter")
    selected = digits.get_by_role("region", name="Selected image")
    picture = digits.get_by_role("region", name="Picture shown")
    expect(picture).to_contain_text("From row 30’s posterior mean")
    expect(selected).to_contain_text("nats")
    explore.settle(digits)
    said = selected.inner_text()
    left, right, y = explore.grab(digits)
    digits.mouse.move(left + 0.95 * (right - left), y, steps=4)
    expect(picture).to_contain_text("From the sliders.")
    expect(picture).to_contain_text("Decoded")
    assert not re.search("class|ELBO|row", picture.inner_text())
    digits.mouse.up()
    expect(picture).to_contain_text(re.compile(r"Nearest image: row \d+, class \d"))
    assert selected.inner_text() == said
    digits.get_by_role("button", name="Origin").click()
    expect(picture).to_contain_text("the middle of the prior")


def test_map_axes_and_colour_survive_train_back_and_reload(digits: Page) -> None:
    digits.get_by_role("radio", name="Latent axes").click(force=True)
    wait_idle(digits)
    to_train_and_back(digits)
    expect(digits.get_by_role("radio", name="Latent axes")).to_be_checked()
    digits.reload()
    wait_idle(digits)
    explore.wait_usable(digits)
    expect(digits.get_by_role("radio", name="Latent axes")).to_be_checked()
    expect(digits).to_have_url(re.compile("map=latent"))


def test_an_unknown_row_says_so_and_selects_nothing(digits: Page) -> None:
    field = digits.get_by_label("Select an image by its row")
    field.fill("12")
    field.press("Enter")
    for typed in ("123456", "-1", "1.5"):
        field.fill(typed)
        field.press("Enter")
        expect(digits.get_by_text(f"There is no row {typed}. Rows go from 0 to 359.")).to_be_visible()
        expect(digits.locator(".panel")).to_have_attribute("data-row", "12")
        expect(field).to_have_value("12")
    target = explore.lonely_point(digits)
    digits.mouse.click(target.x, target.y)
    expect(field).to_have_value(str(target.row))
    expect(digits.get_by_text("There is no row")).to_have_count(0)


def test_a_move_by_keyboard_counts_when_the_slider_is_left_before_the_key(digits: Page) -> None:
    explore.slider(digits).focus()
    digits.keyboard.down("ArrowRight")
    digits.keyboard.press("Tab")
    digits.keyboard.up("ArrowRight")
    explore.settle(digits)
    expect(digits).to_have_url(re.compile(r"[?&]z="))
    expect(digits.get_by_role("button", name="Undo")).to_be_enabled()


def test_a_dimension_is_named_and_everybody_calls_it_so(app: AppServer, page: Page) -> None:
    explore.open_explore(page, app, f"?model={DIGITS}&map=latent&z=0,0,0,0,0,0,0,1")
    explore.slider(page).focus()
    page.keyboard.press("F2")
    asked = page.get_by_role("dialog", name="Name a latent dimension")
    asked.get_by_label("Name", exact=True).fill(" <b>slant</b> ")
    asked.get_by_label("Note").fill("leans to the right")
    asked.get_by_role("button", name="Save").click()
    (first,) = page.locator(".slider").first.get_by_role("slider").all()
    expect(first).to_have_accessible_name("Latent dimension 7, <b>slant</b>")
    expect(page.locator(".slider .name").first).to_have_text("<b>slant</b>")
    expect(page.locator(".slider").first).to_have_attribute("title", re.compile("leans to the right$"))
    across = page.get_by_role("combobox", name="Across")
    expect(across).to_have_value("Across: z7 <b>slant</b>")
    expect(page.locator(".panel canvas.decoded")).to_be_visible()
    explore.settle(page)
    assert explore.slider_values(page)[0] == pytest.approx(1)  # one is where one was
    expect(page.locator(f"{explore.CHART} .xtitle")).to_have_text("z7 <b>slant</b> (posterior mean)")
    # sliders of principal axes are elsewhere in the same place, and in the link
    page.get_by_label("Sliders move along").select_option("Principal axes")
    expect(page.locator(".slider .name").first).to_have_text(re.compile(r"^PC 1 · \d+%$"))
    expect(page).to_have_url(re.compile("sliders=principal"))
    explore.slider(page).press("ArrowRight")
    explore.settle(page)
    page.get_by_label("Sliders move along").select_option("Latent dimensions")
    expect(page.locator(".slider .name").first).to_have_text("<b>slant</b>")
    # it is there for the next visitor, until somebody takes it away
    page.reload()
    wait_idle(page)
    explore.wait_usable(page)
    page.get_by_role("button", name="Name latent dimension 7, <b>slant</b>").click()
    expect(asked.get_by_label("Note")).to_have_value("leans to the right")
    asked.get_by_label("Note").fill("")
    asked.get_by_label("Name", exact=True).focus()
    for key in ("Control+a", "Delete", "r", "Backspace", "Enter"):  # R is a command elsewhere
        page.keyboard.press(key)
    expect(page.locator(".slider .name").first).to_have_text("z7")
    expect(across).to_have_value("Across: z7")


def test_the_code_is_of_what_is_seen_when_it_is_asked_for(digits: Page) -> None:
    explore.slider(digits).press("Shift+ArrowRight")  # dimension 7 from 0 to 0.5: the page beside it is not run again
    explore.settle(digits)
    digits.get_by_role("button", name="Python code").click()
    shown = digits.get_by_role("dialog").filter(has_text="The code of this view")
    expect(shown).to_contain_text("z = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5], np.float32)")
    expect(shown).to_contain_text("checkpoint_files.read('digits-mlp-8')")
    digits.keyboard.press("Escape")
    expect(shown).to_be_hidden()
    assert explore.slider_values(digits)[0] == pytest.approx(0.5)


def test_a_place_gets_a_name_stays_on_the_map_and_leads_back(page: Page, own_app: AppServer) -> None:
    explore.open_explore(page, own_app, "?model=digits-mlp-8&map=pca&row=30")
    page.keyboard.press("r")
    explore.settle(page)
    there = explore.slider_values(page)
    page.get_by_role("button", name="Name…").click()
    dialog = page.get_by_role("dialog", name="Name this place")
    dialog.get_by_label("Name").fill("<b>odd</b> one")
    dialog.get_by_role("button", name="Save").click()
    mark = page.get_by_test_id("named-place")
    expect(mark).to_have_text("◆ <b>odd</b> one")
    expect(page.locator(explore.PANEL)).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_be_enabled()  # where one was is not forgotten
    expect(page).to_have_url(re.compile("place="))
    page.keyboard.press("0")
    explore.settle(page)
    expect(page).not_to_have_url(re.compile("place="))
    mark.dispatch_event("click")
    expect(page).to_have_url(re.compile("place="))
    assert eventually(page, lambda: np.allclose(explore.slider_values(page), there, atol=0.02))
    page.get_by_role("button", name="Named places (1)").click()
    page.get_by_role("button", name="Take the name").or_(page.locator(".st-key-place-delete-0 button")).first.click()
    expect(mark).to_have_count(0)


HERE = """(selector) => {
    const { data } = document.querySelector(selector)
    const { type, x, y, z } = data[data.length - 1]
    return [type, x[0], y[0], z[0]]
}"""


def test_a_click_on_the_map_in_three_dimensions_selects_and_the_mark_follows(page: Page, app: AppServer) -> None:
    latents = checkpoint_files.read(DIGITS, paths.PROJECT / "checkpoints").latents
    open_page(page, app, f"?model={DIGITS}&map=latent&x=7&y=3&depth=5&dims=3&row=30")
    page.wait_for_selector(f"{explore.CHART} canvas")
    page.wait_for_selector(explore.PANEL)

    def marked(row: int) -> bool:
        kind, *place = page.evaluate(HERE, explore.CHART)
        return kind == "scatter3d" and bool(np.allclose(place, latents.mu[row, [7, 3, 5]], atol=1e-3))

    assert eventually(page, lambda: marked(30))
    # what Plotly tells of a click, wherever the software that draws puts the points
    page.evaluate(
        """(selector) => {
            for (let time = 0; time < 2; time++)  // as it does there
                document.querySelector(selector).emit('plotly_click', { points: [{ customdata: 77 }] })
        }""",
        explore.CHART,
    )
    expect(page).to_have_url(re.compile("row=77(&|$)"))
    assert eventually(page, lambda: marked(77))
    page.get_by_role("button", name="2-D").click()
    expect(page).not_to_have_url(re.compile("dims=3"))
    expect(page).to_have_url(re.compile("row=77(&|$)"))
    expect(page.get_by_test_id("you-are-here")).to_be_visible()


def test_without_webgl_the_map_in_three_dimensions_says_so_and_offers_two(page: Page, app: AppServer) -> None:
    page.add_init_script(
        """const { getContext } = HTMLCanvasElement.prototype
        HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
            return /webgl/.test(kind) ? null : getContext.call(this, kind, ...more)
        }"""
    )
    open_page(page, app, f"?model={DIGITS}&map=pca&dims=3")
    expect(page.get_by_text("This browser has no WebGL")).to_be_visible()
    page.get_by_role("button", name="Show it in two dimensions").click()
    expect(page).not_to_have_url(re.compile("dims=3"))
