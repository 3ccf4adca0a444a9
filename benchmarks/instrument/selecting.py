"""How soon half of all images are selected: a lasso around them on a map of all 70,000 MNIST images.

From the time stamp of the event that ends the lasso to after the frame in which the count, the classes and the greyed
rest are painted. The first one, which the browser compiles, is left out.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from benchmarks import report
from tests.browser.drive import explore
from tests.browser.drive.server import PROJECT, AppServer
from tests.browser.drive.visit import wait_idle

TIMES = 9
CORNERS = 24  # along each side of the lasso
LISTEN = """() => {
    window.lassos = []
    document.addEventListener("selection-shown", ({ detail: { total, inputTime } }) => {
        if (inputTime === undefined) return
        requestAnimationFrame(() => {
            const channel = new MessageChannel()
            channel.port1.onmessage = () => window.lassos.push({ total, took: performance.now() - inputTime })
            channel.port2.postMessage(null)
        })
    })
}"""


def measure(browser: Browser, folder: Path, checkpoint: str) -> report.Values:
    """Draw the lasso several times, and report the medians and the worst."""
    with AppServer(folder) as server:
        subprocess.run(
            [sys.executable, "-m", "vae", "map", checkpoint, "--method", "pca", "--images", "all"],
            check=True,
            cwd=PROJECT,
            env=os.environ | server.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        explore.open_explore(page, server, f"?model={checkpoint}&map=pca")
        page.wait_for_timeout(3000)
        page.evaluate(LISTEN)
        page.get_by_role("button", name="Lasso").click()
        for _ in range(TIMES):
            draw(page)
        found: list[dict[str, Any]] = page.evaluate("window.lassos")
        page.close()
    took = [one["took"] for one in found[1:]]
    return {
        "lasso_70k_ms": report.percentile(took, 50),
        "lasso_70k_worst_ms": report.percentile(took, 100),
        "lasso_70k_selected": found[-1]["total"],
    }


def draw(page: Page) -> None:
    """The upper half of the map, with corners along its sides."""
    box = page.locator(explore.CHART).bounding_box()
    assert box is not None
    left, right = box["x"] + 0.12 * box["width"], box["x"] + 0.9 * box["width"]
    top, middle = box["y"] + 0.03 * box["height"], box["y"] + 0.5 * box["height"]
    page.mouse.move(left, middle)  # the tools lie over the corner above
    page.mouse.down()
    for at in ((left, top), (right, top), (right, middle), (left, middle)):
        page.mouse.move(*at, steps=CORNERS)
    page.mouse.up()
    page.wait_for_timeout(300)
    wait_idle(page)
