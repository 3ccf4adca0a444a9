"""The Anomalies page as tests drive it: wait for the scores, drag the threshold, read what is shown and downloaded."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.drive import generate

HISTOGRAM = ".threshold[data-ready='yes']"


def flagged(page: Page) -> int:
    """How many images the histogram says are above the threshold."""
    return int(page.locator(HISTOGRAM).get_attribute("data-flagged") or -1)


def drag_threshold(page: Page, share: float) -> None:
    """Drag the line to this share of the histogram's width; the mouse is still down afterwards."""
    line = generate.box_of(page.locator(f"{HISTOGRAM} .line"))
    plot = generate.box_of(page.locator(f"{HISTOGRAM} .plot"))
    page.mouse.move(line.x + line.width / 2, line.y + line.height / 2)
    page.mouse.down()
    page.mouse.move(plot.x + share * plot.width, line.y + line.height / 2, steps=12)


def csv_rows(page: Page) -> list[dict[str, str]]:
    """The downloaded CSV."""
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV", exact=True).click()
    return list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8"))))
