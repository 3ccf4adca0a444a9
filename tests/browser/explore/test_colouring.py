"""A table of somebody's own colours Explore's map, which stays where it is."""

from __future__ import annotations

import re

import numpy as np
from playwright.sync_api import Page, expect

from tests.browser.drive import explore
from tests.browser.drive.server import AppServer
from tests.browser.drive.visit import eventually, wait_idle

TABLE = "row,site\n" + "".join(f"{row},{'Genève' if row % 3 else '<b>Basel</b>'}\n" for row in range(300))


def test_a_table_colours_the_map_and_the_zoom_stays(app: AppServer, page: Page, console_errors: list[str]) -> None:
    explore.open_explore(page, app, "?model=digits-mlp-8&map=pca&images=test")
    target = explore.lonely_point(page)
    page.mouse.move(target.x, target.y)
    for _ in range(4):
        page.mouse.wheel(0, -300)
        page.wait_for_timeout(100)
    explore.settle(page)
    zoomed = explore.ranges(page)
    colour = page.get_by_role("combobox", name="Colour")
    colour.fill("table")
    page.get_by_role("option", name="Colour by a table…").click()
    dialog = page.get_by_role("dialog", name="Colour by a table")
    dialog.locator("input[type=file]").set_input_files(
        {"name": "sites.csv", "mimeType": "text/csv", "buffer": TABLE.encode()}
    )
    expect(dialog).to_contain_text("Found in sites.csv: 300 of 360 images, joined by row number.")
    dialog.get_by_role("button", name="Colour by it").click()
    expect(dialog).to_be_hidden()
    expect(page).to_have_url(re.compile("colour=column%3Asite"))
    wait_idle(page)
    expect(page.locator(".lse-swatches")).to_have_text("Genève<b>Basel</b>no value")
    page.wait_for_function(
        """selector => {
            const traces = document.querySelector(selector)._fullData
            return new Set(traces.flatMap(({ marker }) => [...marker.color])).size === 3
        }""",
        arg=explore.CHART,
    )
    # the legend takes a line of the map's height: the same place is in the middle, about as large as before
    before = np.array(zoomed).reshape(2, 2)

    def is_as_before() -> bool:
        after = np.array(explore.ranges(page)).reshape(2, 2)
        larger = np.ptp(after, axis=1) / np.ptp(before, axis=1)
        return bool(np.allclose(after.mean(1), before.mean(1), atol=1e-6) and (larger < 1.3).all())

    assert eventually(page, is_as_before)
    assert console_errors == []
