"""Pictures that the server decodes: asked for as soon as a hand moves, shown in a frame, exact where it rests."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute

from tests.browser.drive.modules import load
from ui.components import assets

SOCKET = {"path": "/decode", "token": "token"}
START = """(socket) => {
    window.shown = []
    let inFrame = false
    const request = window.requestAnimationFrame.bind(window)
    window.requestAnimationFrame = (draw) => request((now) => { inFrame = true; draw(now); inFrame = false })
    const show = ({ z, pixels: [pixel], inputTime }) =>
        shown.push([...z, Math.round(255 * pixel), inputTime ?? null, inFrame])
    window.pictures = new Pictures(show)
    pictures.use({ decode: null }, socket, null)
}"""
SLIDER = """(style) => {
    window.foreseen = []
    window.moved = []
    const dim = { axis: null, bound: 3.21, isUnused: false, share: 1 }
    const nothing = () => {}
    const slider = new Slider(dim, {
        begin: nothing, release: nothing, touch: nothing, rename: nothing, home: nothing,
        move: (value) => moved.push([value, foreseen.at(-1) ?? null]),
        ahead: (value) => foreseen.push(value),
    })
    document.body.innerHTML = `<style>${style} .slider { width: 173.4px; margin: 20px 31.7px; }</style>`
    document.body.append(slider.element)
}"""
LAST = "shown.at(-1)"


class Server:
    """Answers with a picture of one pixel: how many requests there were."""

    def __init__(self) -> None:
        self.asked: list[float] = []

    def __call__(self, route: WebSocketRoute) -> None:
        def answer(message: str | bytes) -> None:
            if isinstance(message, bytes):
                self.asked.append(round(struct.unpack("<f", message[4:])[0], 6))
                route.send(message[:4] + bytes([len(self.asked)]))

        route.on_message(answer)


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """A page whose pictures come from `server`, and no app."""
    page = browser.new_page()
    page.route_web_socket("**/decode", server)
    load(page, "model_store/pictures.js")
    page.evaluate(START, SOCKET)
    yield page
    page.close()


def wait_answered(page: Page) -> None:
    page.wait_for_function("pictures.server.last && !pictures.server.asked.size")
    page.wait_for_timeout(100)


def test_what_is_foreseen_is_asked_for_once_and_shown_when_the_hand_is_there(page: Page, server: Server) -> None:
    page.evaluate("pictures.prepare([0.5])")
    wait_answered(page)
    assert page.evaluate("shown") == []  # nobody has moved there yet
    page.evaluate("pictures.ask([0.5004], 7)")
    assert page.evaluate(LAST) == [0.5, 1, 7, False]  # before the call was over, and so in its frame
    assert server.asked == [0.5]
    # it was foreseen, and is asked for while it is on its way
    page.evaluate("() => { pictures.prepare([0.75]); pictures.ask([0.75], 8) }")
    page.wait_for_function(f"{LAST}[2] === 8")
    assert server.asked == [0.5, 0.75]


def test_where_a_hand_rests_the_very_place_is_decoded(page: Page, server: Server) -> None:
    page.evaluate("pictures.prepare([0.5])")
    wait_answered(page)
    page.evaluate("pictures.ask([0.5004])")
    page.wait_for_function(f"{LAST}?.[1] === 2")
    assert server.asked == [0.5, 0.5004]
    assert page.evaluate(f"{LAST}[0]") == pytest.approx(0.5004)


def test_what_comes_later_is_shown_in_a_frame_unless_a_newer_one_is(page: Page, server: Server) -> None:
    page.evaluate("pictures.ask([1], 3)")
    page.wait_for_function(f"{LAST}?.[2] === 3")
    assert page.evaluate(LAST) == [1, 1, 3, True]
    # one that waits for its frame does not come over a newer one
    page.evaluate(
        """() => {
            pictures.later({ z: [2], pixels: [1], inputTime: 4 })
            pictures.ask([1], 5)
        }"""
    )
    page.wait_for_timeout(200)
    assert page.evaluate("shown.map((one) => one[2])") == [3, 5]


def test_a_slider_foresees_what_the_browser_makes_of_a_movement(page: Page) -> None:
    load(page, "live_decoder/sliders/slider.js")
    page.evaluate(SLIDER, assets.text("shared/range.css"))
    box = page.locator("input[type=range]").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 12):
        page.mouse.move(x + 15.3 * step * (-1) ** step, y + step)  # beyond both ends, too
        page.evaluate("() => new Promise(requestAnimationFrame)")
    page.mouse.up()
    _, *moved = page.evaluate("moved")  # the first tells that somebody drags
    assert len(moved) > 5
    for value, foreseen in moved:
        assert foreseen == pytest.approx(value, abs=1e-3)
    assert max(value for value, _ in moved) == pytest.approx(3.21)
