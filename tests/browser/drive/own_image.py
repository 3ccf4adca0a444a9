"""Explore's tool for one own image as tests and benchmarks drive it: open, draw, drop, read."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from playwright.sync_api import Locator, Page

DROP = """(element, [name, type, content]) => {
    const transfer = new DataTransfer()
    const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0))
    transfer.items.add(new File([bytes], name, { type }))
    const say = (kind) => element.dispatchEvent(
        new DragEvent(kind, { dataTransfer: transfer, bubbles: true, composed: true, cancelable: true })
    )
    say("dragover")
    say("drop")
}"""

PASTE = """(element, [content]) => {
    const clipboardData = new DataTransfer()
    const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0))
    clipboardData.items.add(new File([bytes], "image.png", { type: "image/png" }))
    const how = { clipboardData, bubbles: true, composed: true, cancelable: true }
    element.dispatchEvent(new ClipboardEvent("paste", how))
}"""


def tool(page: Page) -> Locator:
    """The tool, once it can encode."""
    return page.locator("section.own[data-ready=yes]")


def open_tool(page: Page) -> None:
    """Open it, and wait until it can encode."""
    page.get_by_role("button", name="Own image…").click()
    tool(page).wait_for(timeout=30_000)


def draw(page: Page, places: Sequence[tuple[float, float]], steps: int = 1) -> None:
    """One stroke with the mouse through places that are shares of the canvas's width and height."""
    pad = page.locator("canvas.pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    where = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
    page.mouse.move(*where[0])
    page.mouse.down()
    for x, y in where[1:]:
        page.mouse.move(x, y, steps=steps)
    page.mouse.up()


def drop(page: Page, content: bytes, name: str = "own.png", kind: str = "image/png") -> None:
    """Drop a file onto the tool."""
    tool(page).evaluate(DROP, [name, kind, base64.b64encode(content).decode()])


def paste(page: Page, content: bytes, where: str = "body") -> None:
    """Paste a picture from the clipboard while the focus is on an element."""
    page.locator(where).first.evaluate(PASTE, [base64.b64encode(content).decode()])


def draw_by_touch(page: Page, places: Sequence[tuple[float, float]], beside: tuple[float, float]) -> None:
    """One stroke with a finger, while a second one rests beside it and then moves; places as `draw` has them."""
    pad = page.locator("canvas.pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    session = page.context.new_cdp_session(page)

    def say(kind: str, *fingers: tuple[float, float]) -> None:
        points = [
            {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"], "id": number}
            for number, (x, y) in enumerate(fingers)
        ]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    say("touchStart", places[0])
    say("touchStart", places[0], beside)
    for x, y in places[1:]:
        say("touchMove", (x, y), (beside[0], beside[1] - 0.1))
    say("touchEnd")
    session.detach()


def mark(page: Page) -> tuple[float, float]:
    """Where the own image is on the map, in the map's coordinates."""
    dot = page.get_by_test_id("own-image-here")
    return float(dot.get_attribute("data-x") or "nan"), float(dot.get_attribute("data-y") or "nan")


def pixels(page: Page) -> list[int]:
    """The red channel of the canvas, row by row."""
    values: list[int] = page.locator("canvas.pad").evaluate(
        """(canvas) => {
            const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            return Array.from({ length: data.length / 4 }, (_, i) => data[4 * i]);
        }"""
    )
    return values
