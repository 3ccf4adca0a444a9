"""A hand over the map: the place under it is decoded in the page, and pinned when one wants."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from tests.browser.drive import explore
from tests.browser.drive.server import AppServer
from tests.browser.drive.visit import eventually, wait_idle

DIGITS = "digits-mlp-8"
COUNT_SENT = """() => {
    window.sent = 0
    const send = WebSocket.prototype.send
    WebSocket.prototype.send = function (data) {
        window.sent += 1
        return send.call(this, data)
    }
}"""


def centre_of(page: Page, test_id: str) -> tuple[float, float]:
    box = page.get_by_test_id(test_id).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def corner(page: Page) -> tuple[float, float]:
    """A place inside the axes of the t-SNE map that is far from every point."""
    x, y = page.evaluate(
        """(selector) => {
            const chart = document.querySelector(selector)
            const box = chart.getBoundingClientRect()
            const { xaxis, yaxis } = chart._fullLayout
            return [box.left + xaxis._offset + 12, box.top + yaxis._offset + yaxis._length - 12]
        }""",
        explore.CHART,
    )
    return float(x), float(y)


def touch(cdp: CDPSession, kind: str, *at: tuple[float, float]) -> None:
    cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in at]})


@pytest.fixture
def digits(app: AppServer, page: Page) -> Page:
    """Explore with a digits model, image 30 pinned, on the t-SNE map."""
    explore.open_explore(page, app, f"?model={DIGITS}&map=tsne&row=30")
    expect(page.locator(".nearness")).to_be_visible()
    return page


def test_the_place_under_the_pointer_is_decoded_until_it_leaves_and_alt_click_keeps_it(digits: Page) -> None:
    digits.evaluate(COUNT_SENT)
    pinned, sliders, url = explore.picture(digits, "decoded"), explore.slider_values(digits), digits.url
    target = explore.lonely_point(digits)
    word = digits.locator(".nearness .word")
    expect(word).to_have_text("On data")
    digits.mouse.move(target.x - 9, target.y)
    digits.mouse.move(target.x, target.y, steps=3)
    assert eventually(digits, lambda: explore.picture(digits, "decoded") != pinned)
    shown = digits.get_by_role("region", name="Picture shown")
    expect(shown).to_contain_text("At the pointer")
    expect(word).to_have_text("On data")
    away = corner(digits)
    digits.mouse.move(*away, steps=3)
    expect(word).to_have_text("Far from data")
    assert float(digits.locator(".gauge").get_attribute("aria-valuenow") or 1) < 0.2
    digits.mouse.move(5, 5, steps=2)
    assert eventually(digits, lambda: explore.picture(digits, "decoded") == pinned)
    expect(shown).to_contain_text("From row 30’s posterior mean")
    assert (explore.slider_values(digits), digits.url, digits.evaluate("window.sent")) == (sliders, url, 0)
    # Alt and a click keep the place: the sliders move there, and so does the ring
    digits.mouse.move(*away)
    assert eventually(digits, lambda: explore.picture(digits, "decoded") != pinned)
    there = explore.picture(digits, "decoded")
    digits.keyboard.down("Alt")
    digits.mouse.click(*away)
    digits.keyboard.up("Alt")
    explore.settle(digits)
    expect(digits).to_have_url(re.compile(r"row=30.*[?&]z="))
    assert explore.slider_values(digits) != sliders
    np.testing.assert_allclose(centre_of(digits, "you-are-here"), away, atol=2)
    digits.mouse.move(5, 5)
    expect(shown).to_contain_text("From the sliders.")
    np.testing.assert_allclose(explore.picture(digits, "decoded"), there, atol=1)
    digits.get_by_role("button", name="Undo").click()
    assert eventually(digits, lambda: explore.picture(digits, "decoded") == pinned)


def test_a_key_on_a_slider_shows_its_picture_though_the_pointer_rests_on_the_map(digits: Page) -> None:
    away = corner(digits)
    explore.slider(digits).focus()
    digits.mouse.move(*away, steps=2)
    expect(digits.locator(".panel")).to_have_attribute("data-hovered", "yes")
    digits.keyboard.press("Shift+ArrowRight")
    expect(digits.locator(".panel")).to_have_attribute("data-hovered", "no")
    explore.settle(digits)
    expect(digits.get_by_role("region", name="Picture shown")).to_contain_text("From the sliders.")
    digits.mouse.move(away[0] + 40, away[1] - 40, steps=2)
    expect(digits.locator(".panel")).to_have_attribute("data-hovered", "yes")
    # what is dragged with a button is the map
    before = explore.ranges(digits)
    digits.mouse.down()
    digits.mouse.move(away[0] + 90, away[1] - 90, steps=4)
    expect(digits.locator(".panel")).to_have_attribute("data-hovered", "no")
    digits.mouse.up()
    assert eventually(digits, lambda: explore.ranges(digits) != before)


def test_a_tap_pins_and_a_finger_decodes_where_it_is_dragged(digits: Page) -> None:
    ranges = explore.ranges(digits)
    cdp = digits.context.new_cdp_session(digits)
    cdp.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    target = explore.lonely_point(digits)
    touch(cdp, "touchStart", (target.x, target.y))
    touch(cdp, "touchEnd")
    expect(digits.locator(".panel")).to_have_attribute("data-row", str(target.row))
    explore.settle(digits)
    pinned = explore.picture(digits, "decoded")
    away = corner(digits)
    touch(cdp, "touchStart", (target.x, target.y))
    touch(cdp, "touchMove", away)
    assert eventually(digits, lambda: explore.picture(digits, "decoded") != pinned)
    expect(digits.locator(".panel")).to_have_attribute("data-hovered", "yes")
    touch(cdp, "touchEnd")
    assert eventually(digits, lambda: explore.picture(digits, "decoded") == pinned)
    assert explore.ranges(digits) == ranges


def test_pictures_under_the_pointer_come_from_the_server_where_it_decodes(digits: Page) -> None:
    live = explore.picture(digits, "decoded")
    digits.get_by_test_id("stSidebar").get_by_text("Decode in Python").click()
    expect(digits).to_have_url(re.compile("python=yes"), timeout=60_000)
    wait_idle(digits)
    expect(digits.locator(".panel")).not_to_have_class(re.compile("is-waiting"))
    target = explore.lonely_point(digits)
    digits.mouse.move(target.x - 9, target.y)
    digits.mouse.move(target.x, target.y, steps=3)
    expect(digits.get_by_role("region", name="Picture shown")).to_contain_text("At the pointer")

    def different() -> bool:
        return bool(np.abs(np.subtract(explore.picture(digits, "decoded"), live)).max() > 30)

    assert eventually(digits, different)
    digits.mouse.move(5, 5, steps=2)
    assert eventually(digits, lambda: not different())


def test_what_comes_over_the_map_does_not_style_the_page_anew(browser: Browser, digits: Page) -> None:
    """A rule such as `.stApp:has(…) *` makes the browser style all elements whenever one is put anywhere."""
    elements = digits.evaluate("document.querySelectorAll('*').length")
    browser.start_tracing(page=digits, categories=["devtools.timeline"])
    digits.evaluate(
        """(selector) => {
            const label = document.createElementNS("http://www.w3.org/2000/svg", "g")
            document.querySelector(`${selector} .hoverlayer`).append(label)
            label.setAttribute("class", "hovertext")
            label.getBoundingClientRect()
        }""",
        explore.CHART,
    )
    events = json.loads(browser.stop_tracing())["traceEvents"]
    styled = [event["args"]["elementCount"] for event in events if "elementCount" in event.get("args", {})]
    assert styled
    assert max(styled) < elements / 10


def test_a_point_under_the_mouse_is_named_until_the_mouse_leaves(digits: Page) -> None:
    target = explore.lonely_point(digits)
    label, preview = digits.locator(f"{explore.CHART} .hovertext"), digits.get_by_test_id("hover-preview")
    digits.mouse.move(target.x - 60, target.y - 40)
    digits.mouse.move(target.x, target.y, steps=20)
    expect(label).to_contain_text(f"row {target.row}")
    expect(preview).to_be_visible()
    digits.mouse.move(target.x + 1, target.y)
    digits.mouse.move(5, 5)  # at once: what was to be named a moment later is not
    expect(label).to_have_count(0)
    expect(preview).to_be_hidden()
    digits.wait_for_timeout(700)
    expect(label).to_have_count(0)
