"""How soon the place under the pointer shows its picture: Explore's map, decoded while a hand moves over it.

The mouse is moved over the map in headless Chromium, without a button, along a rosette over dense and empty places.
Of each move: from the time stamp of the pointer's event to after the frame that paints the picture (a message posted
inside the animation frame arrives once the frame was painted). `hover_raw_*` is the map of two latent axes,
`hover_pca_*`, `hover_tsne_*` and `hover_umap_*` are the others; one that the checkpoint does not have is null. The
UMAP map is made first, as its button in Explore does.
`_computed_*` is the part of it in which the page computes and draws. Nothing is asked of the server meanwhile:
`_requests` counts what is sent. Moves are sent as fast as the browser takes them, which is one a frame; where several
come before one frame, the first of them counts. `_pictures` are those that differ from the one before. How soon
images are selected is measured after that (selecting.py).
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import report
from benchmarks.instrument import selecting
from tests.browser.drive import explore
from tests.browser.drive.chromium import launch
from tests.browser.drive.server import PROJECT, AppServer

CHECKPOINT = "mnist-conv-16"
MAPS = {"raw": "latent", "pca": "pca", "tsne": "tsne", "umap": "umap"}
FRAME_MS = 1000 / 60
WARM_UP, MOVES = 120, 600

LISTEN = """() => {
    window.samples = []
    window.pictures = 0
    window.requests = 0
    let last = new Uint8ClampedArray(0)
    const send = WebSocket.prototype.send
    WebSocket.prototype.send = function (data) {
        window.requests += 1
        return send.call(this, data)
    }
    document.addEventListener("latent-drawn", (event) => {
        const { inputTime, took } = event.detail
        const canvas = event.composedPath()[0].querySelector("canvas.decoded")
        const channel = new MessageChannel()
        channel.port1.onmessage = () => {
            const after = performance.now()
            window.samples.push({ input: after - inputTime, took, at: after })
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
            if (data.some((value, i) => value !== last[i])) window.pictures += 1
            last = data
        }
        channel.port2.postMessage(null)
    })
}"""


def main() -> None:
    """Measure every map and report."""
    parser = report.parser(__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--checkpoint", default=CHECKPOINT)
    arguments = parser.parse_args()
    values: report.Values = {"checkpoint": arguments.checkpoint}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = launch(playwright)
        with AppServer(Path(folder)) as server:
            add_map(server, arguments.checkpoint, MAPS["umap"])
            for name, method in MAPS.items():
                values |= measure(browser, server, arguments.checkpoint, name, method)
        values |= selecting.measure(browser, Path(folder) / "selecting", arguments.checkpoint)
        values["chromium"] = browser.version
        browser.close()
    report.show(values | report.machine(), arguments.json)


def add_map(server: AppServer, checkpoint: str, method: str) -> None:
    """Make this map and keep it where the app looks."""
    command = [sys.executable, "-m", "vae", "map", checkpoint, "--method", method]
    subprocess.run(command, cwd=PROJECT, env=os.environ | server.env, check=True, capture_output=True)


def measure(browser: Browser, server: AppServer, checkpoint: str, name: str, method: str) -> report.Values:
    """One long walk over this map."""
    key = f"hover_{name}"
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    explore.open_explore(page, server, f"?model={checkpoint}&map={method}")
    if f"map={method}" not in page.url:  # there is no such map
        page.close()
        return {f"{key}_p95_ms": None}
    page.wait_for_timeout(2000)
    page.evaluate(LISTEN)
    walk(page, WARM_UP)  # the browser compiles what is called often
    page.evaluate("() => { window.samples.length = 0; window.pictures = 0; window.requests = 0 }")
    walk(page, MOVES)
    samples: list[dict[str, Any]] = page.evaluate("window.samples")
    pictures, requests = (int(page.evaluate(f"window.{count}")) for count in ("pictures", "requests"))
    page.close()
    to_pixels, took = ([sample[part] for sample in samples] for part in ("input", "took"))
    seconds = (samples[-1]["at"] - samples[0]["at"]) / 1000
    return {
        f"{key}_p50_ms": report.percentile(to_pixels, 50),
        f"{key}_p95_ms": report.percentile(to_pixels, 95),
        f"{key}_within_one_frame_percent": round(100 * float(np.mean(np.array(to_pixels) <= FRAME_MS)), 1),
        f"{key}_computed_p50_ms": report.percentile(took, 50),
        f"{key}_computed_p95_ms": report.percentile(took, 95),
        f"{key}_draws": len(samples),
        f"{key}_pictures": pictures,
        f"{key}_per_s": round(len(samples) / seconds, 1),
        f"{key}_requests": requests,
    }


def walk(page: Page, moves: int) -> None:
    """A rosette around the middle of the map."""
    box = page.locator(explore.CHART).bounding_box()
    assert box is not None
    for turn in range(moves + 1):
        across, down = rosette(turn / moves)
        page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])
    page.wait_for_timeout(300)


def rosette(share: float) -> tuple[float, float]:
    """A place on the map, as shares of its width and height."""
    radius = 0.36 * abs(math.sin(7 * math.pi * share)) + 0.02
    angle = 2 * math.pi * 3 * share
    return 0.5 + radius * math.cos(angle), 0.5 + radius * math.sin(angle)


if __name__ == "__main__":
    main()
