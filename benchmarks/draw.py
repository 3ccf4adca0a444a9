"""How soon a drawn image shows its place, its reconstruction and its neighbours: Explore's own-image tool.

A pen is moved over the canvas with the mouse in headless Chromium, with every shipped model. Of each move: from the
time stamp of the pointer's event to after the frame that paints the stroke, the posterior mean on the map, the
reconstruction and the nearest images (a message posted inside the animation frame arrives once the frame was painted).
`draw_*` are those of mnist-conv-16. Nothing is asked of the server meanwhile. `computed_*`: the part of it in which the
page computes and draws. Moves are sent as fast as the browser takes them, which is one a frame; where several come
before one frame, the first of them counts.
"""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import report
from tests.browser.drive import explore, own_image
from tests.browser.drive.chromium import launch
from tests.browser.drive.server import AppServer
from vae.storage import paths

CHECKPOINT = "mnist-conv-16"
FRAME_MS = 1000 / 60
WARM_UP, MOVES = 120, 600

LISTEN = """() => {
    window.samples = []
    document.addEventListener("latent-drawn", (event) => {
        const { inputTime, took } = event.detail
        const marks = document.querySelector("[data-testid=own-image-here]")
        const at = `${marks.dataset.x} ${marks.dataset.y}`
        const channel = new MessageChannel()
        channel.port1.onmessage = () => {
            const now = performance.now()
            window.samples.push({ input: now - inputTime, took, at: now, place: at })
        }
        channel.port2.postMessage(null)
    })
}"""


def main() -> None:
    """Measure all shipped models and report."""
    arguments = report.parser(__doc__.splitlines()[0] if __doc__ else "").parse_args()
    values: report.Values = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = launch(playwright)
        with AppServer(Path(folder)) as server:
            for name in shipped():
                values |= measure(browser, server, name)
        values["chromium"] = browser.version
        browser.close()
    report.show(values | report.machine(), arguments.json)


def shipped() -> list[str]:
    """The models that come with the project, the one that is reported first."""
    names = sorted(path.name for path in (paths.PROJECT / "checkpoints").iterdir() if not path.name.startswith("."))
    return sorted(names, key=lambda name: name != CHECKPOINT)


def measure(browser: Browser, server: AppServer, name: str) -> report.Values:
    """One long stroke on this model's canvas."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    explore.open_explore(page, server, f"?model={name}")
    own_image.open_tool(page)
    page.wait_for_timeout(2000)
    page.evaluate(LISTEN)
    stroke(page, WARM_UP)  # the browser compiles what is called often
    page.evaluate("window.samples.length = 0")
    stroke(page, MOVES)
    samples: list[dict[str, Any]] = page.evaluate("window.samples")
    page.close()
    to_pixels, took = ([sample[key] for sample in samples] for key in ("input", "took"))
    seconds = (samples[-1]["at"] - samples[0]["at"]) / 1000
    key = "draw" if name == CHECKPOINT else f"{name}_draw"
    return {
        f"{key}_p50_ms": report.percentile(to_pixels, 50),
        f"{key}_p95_ms": report.percentile(to_pixels, 95),
        f"{key}_within_one_frame_percent": round(100 * float(np.mean(np.array(to_pixels) <= FRAME_MS)), 1),
        f"{key}_computed_p50_ms": report.percentile(took, 50),
        f"{key}_computed_p95_ms": report.percentile(took, 95),
        f"{key}_places": len({sample["place"] for sample in samples}),
        f"{key}_draws": len(samples),
        f"{key}_per_s": round(len(samples) / seconds, 1),
    }


def stroke(page: Page, moves: int) -> None:
    """Draw a rosette from the middle of an empty canvas; every move covers other pixels."""
    if page.locator(".own[data-empty=no]").count():
        page.get_by_role("button", name="Clear").click()
    page.wait_for_timeout(300)
    own_image.draw(page, [rosette(turn / moves) for turn in range(moves + 1)])
    page.wait_for_timeout(300)


def rosette(share: float) -> tuple[float, float]:
    """A place on the canvas, as shares of its width and height."""
    radius = 0.35 * abs(math.sin(7 * math.pi * share))
    angle = 2 * math.pi * 3 * share
    return 0.5 + radius * math.cos(angle), 0.5 + radius * math.sin(angle)


if __name__ == "__main__":
    main()
