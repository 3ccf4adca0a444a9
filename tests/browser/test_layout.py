"""Every page at four widths, light and dark: nothing scrolls sideways, no text is clipped or lies over another."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.drive import explore, layout
from tests.browser.drive.server import AppServer
from tests.browser.drive.visit import eventually, open_page, wait_idle

SIZES = ((1920, 1080), (1440, 900), (900, 700), (420, 900))
PAGES = {
    "explore": "?model=digits-mlp-8&map=latent&row=5",
    "train": "train",
    "generate": "generate?model=digits-mlp-8",
    "anomalies": "anomalies?model=digits-mlp-8",
    "library": "library",
}


def settle(page: Page) -> None:
    """Wait until a new width is drawn: charts follow a while later."""
    wait_idle(page)
    drawn = [""]

    def still() -> bool:
        drawn.append(
            page.evaluate("JSON.stringify([...document.querySelectorAll('.main-svg, h1')].map((e) => e.clientWidth))")
        )
        page.wait_for_timeout(150)
        return drawn[-1] == drawn[-2]

    assert eventually(page, still)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_every_width_in_light_and_dark(app: AppServer, page: Page, name: str) -> None:
    """One page of the browser takes all sizes in turn: opening it again would take most of the time."""
    found: list[str] = []
    open_page(page, app, PAGES[name])
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    expect(page.locator(".st-key-page_heading p")).to_have_text(re.compile(r"^[A-Z].{10,110}\.$"))
    if name == "explore":
        explore.wait_usable(page)
        page.get_by_role("button", name="Got it").click()  # the first steps lie over the map's lower end
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            settle(page)
            where = f"{name}, {width} px, {theme}: "
            found += [where + fault for fault in layout.faults(page)]
            if name == "explore":
                moving = (explore.CHART, ".panel canvas.decoded", ".slider input[type=range]")
                found += [f"{where}{one} is out of view" for one in moving if not layout.in_view(page, one)]
                found += [f"{where}{fault}" for fault in explore_faults(page, width, height)]
    assert found == [], "\n".join(found)


def explore_faults(page: Page, width: int, height: int) -> list[str]:
    """What takes the window from Explore's map: it has the height that there is, and the page does not scroll."""
    chart = page.locator(explore.CHART).bounding_box()
    panel = page.locator(".panel").bounding_box()
    assert chart is not None
    assert panel is not None
    if width <= 900:
        return [] if panel["y"] > chart["y"] + chart["height"] else ["the panel is not below the map"]
    over = page.get_by_test_id("stMain").evaluate("main => main.scrollHeight - main.clientHeight")
    faults = [f"the page scrolls by {over} px"] if over > 1 else []
    offer = page.get_by_role("button", name="Show all 1,797")  # not where another test has put all on the map
    faults += ["more images are not offered in view" for one in offer.all() if not one.evaluate(layout.IN_VIEW)]
    return faults + (["the map does not get the height"] if chart["height"] < 0.7 * height else [])


def test_the_first_steps_leave_the_map_where_it_is(app: AppServer, page: Page) -> None:
    open_page(page, app, PAGES["explore"])
    explore.wait_usable(page)
    steps = page.get_by_role("region", name="First steps")
    expect(steps).to_be_visible()
    settle(page)
    before = page.locator(explore.CHART).bounding_box()
    steps.get_by_role("button", name="Got it").click()
    expect(steps).to_be_hidden()
    settle(page)
    assert page.locator(explore.CHART).bounding_box() == before


def test_the_check_itself_sees_faults(page: Page) -> None:
    page.set_content(
        """<main data-testid="stMain" style="width: 300px; font: 16px sans-serif">
        <p>Fine</p>
        <div style="overflow: hidden; width: 40px; white-space: nowrap">Clipped at the right</div>
        <div style="position: relative; height: 20px"><span>Below here</span>
            <span style="position: absolute; left: 10px; top: 2px">Over it</span></div>
        <div style="overflow: auto; width: 40px; height: 20px">This can be scrolled to</div>
        <div style="width: 3000px">x</div></main>"""
    )
    found = " ".join(layout.faults(page))
    for wrong in ("scrolls sideways", "Clipped at the right", "Below here", "Over it"):
        assert wrong in found
    for right in ("Fine", "scrolled to"):
        assert right not in found
