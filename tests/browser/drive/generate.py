"""The Generate page as tests and benchmarks drive it: open a view, press on pictures, read what is shown and sent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page, expect

from tests.browser.drive.server import AppServer
from tests.browser.drive.visit import open_page, wait_idle

VIEWS = ("samples", "manifold", "traversals", "interpolation", "directions")
STAGE = ".manifold[data-ready='yes'] .stage"
COMPLETE = ".manifold[data-ready='yes'][data-missing='0']"
SCRUB = ".scrub[data-ready='yes']"


@dataclass(frozen=True)
class Box:
    """A rectangle of the window, in CSS pixels."""

    x: float
    y: float
    width: float
    height: float


def open_generate(page: Page, server: AppServer, model: str, **settings: str) -> None:
    """Visit Generate by a link (view, seed, …) and wait until it is still."""
    query = "&".join(f"{name}={value}" for name, value in {"model": model, **settings}.items())
    open_page(page, server, f"generate?{query}")


def go(page: Page, view: str) -> None:
    """Choose a view by its title."""
    page.get_by_role("radio", name=view, exact=True).first.click(force=True)
    wait_idle(page)


def settings(page: Page) -> dict[str, list[str]]:
    """What the URL says."""
    return parse_qs(urlsplit(page.url).query)


def box_of(found: Locator) -> Box:
    """Where an element is. It must be visible."""
    box = found.bounding_box()
    assert box is not None
    return Box(box["x"], box["y"], box["width"], box["height"])


# --- sheets of pictures -----------------------------------------------------------------------------------------------


def sheet(page: Page, key: str) -> Locator:
    """The sheet of this key, once it has drawn its pictures."""
    found = page.locator(f".st-key-{key} .sheet[data-drawn]")
    expect(found).to_be_visible(timeout=60_000)
    return found


def press_picture(page: Page, key: str, index: int) -> None:
    """Click a picture of a sheet and wait for Python's answer."""
    click_picture(page, key, index)
    wait_idle(page)


def click_picture(page: Page, key: str, index: int) -> None:
    """Click a picture of a sheet that stays, and don't wait."""
    click_only(page, key, index)
    expect(sheet(page, key)).to_have_attribute("data-selected", str(index))


def click_only(page: Page, key: str, index: int) -> None:
    """Click a picture of a sheet that Python may replace by another as soon as it hears of it."""
    place = sheet(page, key).evaluate(
        """(sheet, index) => {
            const columns = Number(sheet.querySelector(".viewport").getAttribute("aria-colcount"))
            const rows = Number(sheet.querySelector(".viewport").getAttribute("aria-rowcount"))
            const { width, height } = sheet.querySelector("canvas.pictures").getBoundingClientRect()
            const columnsShown = Math.min(columns, Number(sheet.dataset.count))
            return {
                x: ((index % columns) + 0.5) * (width / columnsShown),
                y: (Math.floor(index / columns) + 0.5) * (height / rows),
            }
        }""",
        index,
    )
    sheet(page, key).locator("canvas.pictures").click(position=place)


def chosen_picture(page: Page, key: str, side: int) -> NDArray[np.int64]:
    """Grey levels of the outlined picture of a sheet, whose pictures have side × side pixels of their own."""
    values = sheet(page, key).evaluate(
        """(sheet, side) => {
            const canvas = sheet.querySelector("canvas.pictures")
            const { style } = sheet.querySelector(".mark.selected")
            const [left, top, width, height] = ["left", "top", "width", "height"].map((name) => parseFloat(style[name]))
            const density = canvas.width / parseFloat(canvas.style.width)
            const padding = 4 // of .plate
            const at = (from, length, k) => Math.floor((from - padding + ((k + 0.5) / side) * length) * density)
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
            return Array.from({ length: side * side }, (_, k) =>
                data[4 * (at(top, height, Math.floor(k / side)) * canvas.width + at(left, width, k % side))])
        }""",
        side,
    )
    return np.array(values)


# --- the plane --------------------------------------------------------------------------------------------------------


def wait_complete(page: Page) -> None:
    """Wait until the plane shows no missing tile."""
    page.wait_for_selector(COMPLETE, timeout=60_000)


def asked_tiles(page: Page) -> int:
    """How many tiles the plane has had decoded so far."""
    return int(page.locator(".manifold").get_attribute("data-asked") or 0)


def drag(page: Page, stage: Box, across: float, down: float, steps: int = 12) -> None:
    """Press in the middle of the plane and pull it by these shares of its side."""
    x, y = stage.x + stage.width / 2, stage.y + stage.height / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + across * stage.width, y + down * stage.height, steps=steps)
    page.mouse.up()


# --- scrubbers --------------------------------------------------------------------------------------------------------


def grab(page: Page) -> Box:
    """Press the mouse on the scrubber's thumb; returns the box of its track."""
    track = page.locator(f"{SCRUB} input[type=range]")
    track.scroll_into_view_if_needed()
    box = box_of(track)
    share = float(track.evaluate("e => (e.valueAsNumber - e.min) / (e.max - e.min)"))
    page.mouse.move(box.x + 8 + share * (box.width - 16), box.y + box.height / 2)
    page.mouse.down()
    return box


# --- what a person sees and what is sent ------------------------------------------------------------------------------

KNOWN = re.compile(r"Failed to load resource: .*404.*/\w+/_stcore/(health|host-config)\)$")


def unknown_errors(errors: list[str]) -> list[str]:
    """Console errors without Streamlit's own: on a deep link it first looks for its server below the page's path."""
    return [error for error in errors if not KNOWN.search(error)]


def count_messages(page: Page) -> list[int]:
    """From the next visit on, the list gets the size of every message that the page sends to the server."""
    sent: list[int] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda content: sent.append(len(content))))
    return sent


def too_wide(page: Page) -> list[str]:
    """Elements of the page's main part that reach beyond the window or that would have to be scrolled sideways."""
    found: list[str] = page.evaluate(
        """() => {
            const wide = []
            const main = document.querySelector("[data-testid=stMain]")
            for (const box of [document.documentElement, document.body, main]) {
                const { scrollWidth, clientWidth } = box
                if (scrollWidth > clientWidth + 1) wide.push(`${box.tagName} ${scrollWidth} > ${clientWidth}`)
            }
            for (const element of main.querySelectorAll("[data-testid=stElementContainer], [data-testid=stColumn]")) {
                const { right, width } = element.getBoundingClientRect()
                if (width && right > window.innerWidth + 1) wide.push(`${element.className} reaches ${right}`)
            }
            return wide
        }"""
    )
    return found
