"""How soon a dragged slider shows its picture: Explore's live decoder against an st.slider + st.image page.

Both are dragged with the mouse in headless Chromium on the same checkpoint, in the same run. Measured in Explore:

- drag_to_pixels: from the time stamp of the slider's `input` event to after the frame that draws its picture (a message
  posted inside the animation frame arrives once the frame was painted). `pointer_to_pixels` starts earlier, at the
  time stamp of the mouse movement itself, so it holds the browser's own delivery as well.
- pictures_per_s: pictures that differ from the one before, divided by the time of the drag.

`drag_64_pictures_per_s` is the same of a model at 64 × 64 × 3, whose decoder (the one that people copy most,
benchmarks/decoders.py) WebAssembly evaluates in the page.

In the st.slider page: from the time stamp of the mouse's release to after the frame with the new picture. st.slider
sends nothing while it is dragged, so each repeat is one release after one short drag.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import colour_64, report
from tests.browser.drive import explore
from tests.browser.drive.chromium import launch
from tests.browser.drive.server import AppServer
from tests.browser.drive.visit import wait_idle
from vae.checkpoints import checkpoint_files
from vae.storage import paths

CHECKPOINT = "mnist-conv-16"
FRAME_MS = 1000 / 60
STROKES, MOVES_PER_STROKE = 6, 90
ST_SLIDER_REPEATS = 15

LISTEN = """() => {
    window.samples = []
    window.pictures = 0
    let pointerTime = 0
    const movedBefore = new Map() // an input event's time stamp -> that of the movement that caused it
    let last = new Uint8ClampedArray(0)
    document.addEventListener("pointermove", (event) => { pointerTime = event.timeStamp }, true)
    document.addEventListener("input", (event) => { movedBefore.set(event.timeStamp, pointerTime) }, true)
    document.addEventListener("latent-drawn", (event) => {
        const { inputTime } = event.detail
        const movedAt = movedBefore.get(inputTime) // of this picture, which may come after later movements
        const canvas = event.composedPath()[0].querySelector("canvas.decoded")
        const channel = new MessageChannel()
        channel.port1.onmessage = () => {
            const after = performance.now()
            window.samples.push({ input: after - inputTime, pointer: after - movedAt, at: after })
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
            if (data.some((value, i) => value !== last[i])) window.pictures += 1
            last = data
        }
        channel.port2.postMessage(null)
    })
}"""


def main() -> None:
    """Measure both pages and report."""
    parser = report.parser(__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--checkpoint", default=CHECKPOINT)
    arguments = parser.parse_args()
    checkpoint = checkpoint_files.read(arguments.checkpoint, paths.PROJECT / "checkpoints")
    dimension = int(np.argmax(checkpoint.latents.kl_per_dim()))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = launch(playwright)
        with AppServer(Path(folder) / "live") as server:
            live = measure_live(browser, server, checkpoint.name)
        with colour_64.serving(Path(folder) / "colour", "wasm") as server:
            colour = measure_live(browser, server, "wasm")
        plain = measure_st_slider(browser, Path(folder) / "plain", checkpoint.name, dimension)
        browser.close()
    values: report.Values = {"checkpoint": checkpoint.name, **live, **plain}
    values["drag_64_pictures_per_s"] = colour["pictures_per_s"]
    values["drag_64_pointer_to_pixels_p95_ms"] = colour["pointer_to_pixels_p95_ms"]
    values["speedup"] = round(float(plain["st_slider_p50_ms"]) / float(live["drag_to_pixels_p50_ms"]), 1)
    values["speedup_from_pointer"] = round(
        float(plain["st_slider_p50_ms"]) / float(live["pointer_to_pixels_p50_ms"]), 1
    )
    report.show(values | report.machine(), arguments.json)


def measure_live(browser: Browser, server: AppServer, checkpoint: str) -> dict[str, float | int]:
    """One long drag of the most informative slider in Explore."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    explore.open_explore(page, server, f"?model={checkpoint}")
    page.wait_for_timeout(2000)
    page.evaluate(LISTEN)
    left, right, y = explore.grab(page)
    drag(page, left, right, y, 2)  # the browser compiles network.js while it is warming up
    page.wait_for_timeout(200)
    page.evaluate("() => { window.samples.length = 0; window.pictures = 0 }")
    drag(page, left, right, y, STROKES)
    page.wait_for_timeout(200)
    samples = page.evaluate("window.samples")
    pictures = int(page.evaluate("window.pictures"))
    page.mouse.up()
    page.close()
    to_pixels = [sample["input"] for sample in samples]
    from_pointer = [sample["pointer"] for sample in samples]
    seconds = (samples[-1]["at"] - samples[0]["at"]) / 1000
    return {
        "drag_to_pixels_p50_ms": report.percentile(to_pixels, 50),
        "drag_to_pixels_p95_ms": report.percentile(to_pixels, 95),
        "pointer_to_pixels_p50_ms": report.percentile(from_pointer, 50),
        "pointer_to_pixels_p95_ms": report.percentile(from_pointer, 95),
        "within_one_frame_percent": round(100 * float(np.mean(np.array(to_pixels) <= FRAME_MS)), 1),
        "pictures_per_s": round(pictures / seconds, 1),
        "drag_s": round(seconds, 2),
        "draws": len(samples),
    }


def drag(page: Page, left: float, right: float, y: float, strokes: int) -> None:
    """Move the pressed mouse to and fro over the slider's track, as fast as the browser takes the movements."""
    for i in range(strokes):
        share = 0.95 - 0.03 * (i % 3) if i % 2 else 0.05 + 0.03 * (i % 3)
        page.mouse.move(left + share * (right - left), y, steps=MOVES_PER_STROKE)


def measure_st_slider(browser: Browser, folder: Path, checkpoint: str, dimension: int) -> dict[str, float | int]:
    """Releases of an st.slider, each timed to the frame that shows the new st.image."""
    environment = {
        "BENCHMARK_CHECKPOINT": checkpoint,
        "BENCHMARK_DIMENSION": str(dimension),
        "PYTHONPATH": os.pathsep.join([str(paths.PROJECT), os.environ.get("PYTHONPATH", "")]),
    }
    script = Path(__file__).parent / "pages" / "st_slider.py"
    with AppServer(folder, environment, script) as server:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(server.url)
        page.wait_for_selector("[data-testid=stImage] img", timeout=90_000)
        wait_idle(page)
        times = [st_slider_once(page, i) for i in range(ST_SLIDER_REPEATS + 2)][2:]
        page.close()
    return {
        "st_slider_p50_ms": report.percentile(times, 50),
        "st_slider_p95_ms": report.percentile(times, 95),
        "st_slider_repeats": len(times),
    }


def st_slider_once(page: Page, turn: int) -> float:
    """Milliseconds from the release of the mouse to the frame that shows the new picture."""
    thumb = page.get_by_role("slider")
    box = thumb.bounding_box()
    track = page.get_by_test_id("stSlider").bounding_box()
    assert box is not None
    assert track is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(track["x"] + track["width"] * (0.25 + 0.035 * ((turn * 7) % 15)), y, steps=5)
    page.evaluate(
        """() => {
            const image = () => document.querySelector("[data-testid=stImage] img")
            const before = image().src
            window.shown = new Promise((resolve) => {
                let released = null
                const hear = (event) => { released = event.timeStamp }
                document.addEventListener("pointerup", hear, { once: true, capture: true })
                const look = () => {
                    const now = image()
                    if (released !== null && now.src !== before && now.complete) {
                        const channel = new MessageChannel()
                        channel.port1.onmessage = () => resolve(performance.now() - released)
                        channel.port2.postMessage(null)
                    } else requestAnimationFrame(look)
                }
                requestAnimationFrame(look)
            })
        }"""
    )
    page.mouse.up()
    milliseconds = float(page.evaluate("window.shown"))
    wait_idle(page)
    return milliseconds


if __name__ == "__main__":
    main()
