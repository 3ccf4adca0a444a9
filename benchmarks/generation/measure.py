"""How soon Generate shows 400 samples and a plane of latent space, beside plain Streamlit pages with st.image.

Samples: from the time stamp of the click on `New samples` to after the frame that has painted all 400 pictures (the
sheet tells it). `samples_400_first_ms` is the first visit of the page on a new server, from the navigation on: PyTorch
is imported in it. The plain page draws the same number of samples with the same model at its button and shows them as
one st.image; `plain_each_400_ms` is with an st.image for each. The plane: benchmarks/generation/plane.py.

`peak_server_mb` is the most memory the app's server had (VmHWM, Linux only); `peak_page_mb` the largest JavaScript heap
seen after any step. Canvases and workers are not in it.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from benchmarks import report
from benchmarks.generation import plane
from tests.browser.drive import generate
from tests.browser.drive.chromium import FLAGS, find
from tests.browser.drive.server import AppServer
from tests.browser.drive.visit import wait_idle

CHECKPOINT = "mnist-conv-16"
NUMBER = 400
REPEATS, WARM_UP = 15, 2
EACH_REPEATS = 5  # of the page with 400 times st.image, which takes its time
PATIENCE_MS = 60_000

# Told from the first moment on: what the sheet has painted last, and when; when the mouse was released last.
LISTEN = """
window.released = null
document.addEventListener("pointerup", (event) => { window.released = event.timeStamp }, true)
document.addEventListener("sheet-drawn", (event) => {
    if (event.detail.count === 400) window.sheet = { at: performance.now(), fingerprint: event.detail.fingerprint }
})
"""
OTHER_SHEET = "(before) => window.sheet && window.sheet.fingerprint !== before && window.sheet.at"
# After the frame in which all pictures (so many) are new and loaded.
NEW_PICTURES = """(count) => {
    const sources = () => Array.from(document.querySelectorAll("[data-testid=stImage] img"))
    const before = new Set(sources().map((image) => image.src))
    window.released = null
    window.shown = new Promise((resolve) => {
        const look = () => {
            const now = sources()
            const fresh = now.length === count && now.every((image) => image.complete && !before.has(image.src))
            if (window.released === null || !fresh) return requestAnimationFrame(look)
            const channel = new MessageChannel()
            channel.port1.onmessage = () => resolve(performance.now() - window.released)
            channel.port2.postMessage(null)
        }
        requestAnimationFrame(look)
    })
}"""


def main() -> None:
    """Measure all pages and report."""
    parser = report.parser(__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    arguments = parser.parse_args()
    values: report.Values = {"load_before": round(os.getloadavg()[0], 2), "repeats": arguments.repeats}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        flags = [*FLAGS, "--enable-precise-memory-info"]
        browser = playwright.chromium.launch(executable_path=find(), args=flags)
        with AppServer(Path(folder) / "app") as server:
            page = measured_page(browser)
            values |= samples(page, server, arguments.repeats)
            heap = heap_mb(page)
            page.close()
            page = measured_page(browser)
            values |= plane.measure(page, server)
            values |= {"peak_server_mb": peak_mb(server), "peak_page_mb": max(heap, heap_mb(page))}
            page.close()
        values |= plain_samples(browser, Path(folder) / "plain", arguments.repeats)
        values |= plane.measure_plain(browser, Path(folder) / "plain-plane")
        browser.close()
    values["load_after"] = round(os.getloadavg()[0], 2)
    report.show(values | speedups(values) | report.machine(), arguments.json)


def speedups(values: report.Values) -> report.Values:
    """The plain pages' medians divided by ours."""
    pairs = {
        "samples_speedup": ("plain_samples_400_ms", "samples_400_ms"),
        "manifold_open_speedup": ("plain_manifold_ms", "manifold_sheet_ms"),
        "manifold_zoom_speedup": ("plain_manifold_ms", "manifold_zoom_ms"),
        "manifold_drag_speedup": ("plain_manifold_ms", "manifold_tile_p95_ms"),  # a part of the plane that is new
    }
    return {name: round(float(values[a] or 0) / float(values[b] or 1), 1) for name, (a, b) in pairs.items()}


def measured_page(browser: Browser) -> Page:
    """An empty page that will write down what it paints."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.add_init_script(LISTEN)
    return page


def samples(page: Page, server: AppServer, repeats: int) -> report.Values:
    """The first visit, then `New samples` again and again."""
    page.goto(f"{server.url}/generate?model={CHECKPOINT}&number={NUMBER}")
    first = float(page.wait_for_function(OTHER_SHEET, arg=None, timeout=PATIENCE_MS).json_value())
    wait_idle(page)
    button = page.get_by_role("button", name="New samples")
    times = [one_sheet(page, button) for _ in range(repeats + WARM_UP)][WARM_UP:]
    return {
        "samples_400_ms": report.percentile(times, 50),
        "samples_400_p95_ms": report.percentile(times, 95),
        "samples_400_first_ms": round(first),
    }


def one_sheet(page: Page, button: Locator) -> float:
    """Milliseconds from the release of the mouse to the frame with the new sheet."""
    before = page.evaluate("window.sheet.fingerprint")
    press(page, button)
    at = float(page.wait_for_function(OTHER_SHEET, arg=before, timeout=PATIENCE_MS, polling=20).json_value())
    milliseconds = at - float(page.evaluate("window.released"))
    wait_idle(page)
    return milliseconds


def press(page: Page, button: Locator) -> None:
    """Click with the mouse, at once."""
    box = generate.box_of(button)
    page.mouse.click(box.x + box.width / 2, box.y + box.height / 2)


def plain_samples(browser: Browser, folder: Path, repeats: int) -> report.Values:
    """The same number by st.image, in one picture and in 400."""
    script = Path(__file__).parents[1] / "pages" / "samples_grid.py"
    with AppServer(folder, plane.environment(CHECKPOINT), script) as server:
        one = plain_times(browser, server.url, 1, repeats)
        each = plain_times(browser, f"{server.url}/?each", NUMBER, EACH_REPEATS)
    return {
        "plain_samples_400_ms": report.percentile(one, 50),
        "plain_samples_400_p95_ms": report.percentile(one, 95),
        "plain_each_400_ms": report.percentile(each, 50),
    }


def plain_times(browser: Browser, address: str, count: int, repeats: int) -> list[float]:
    """Milliseconds from each release of the mouse to the frame with so many new pictures."""
    page = measured_page(browser)
    page.goto(address)
    page.wait_for_selector("[data-testid=stImage] img", timeout=PATIENCE_MS)
    wait_idle(page)
    times = []
    for _ in range(repeats + WARM_UP):
        page.evaluate(NEW_PICTURES, count)
        press(page, page.get_by_role("button", name="New samples"))
        times.append(float(page.evaluate("window.shown")))
        wait_idle(page)
    page.close()
    return times[WARM_UP:]


def heap_mb(page: Page) -> float:
    """The page's JavaScript heap now, before anything is collected for this."""
    used: Any = page.evaluate("performance.memory.usedJSHeapSize")
    return round(float(used) / 1e6, 1)


def peak_mb(server: AppServer) -> float | None:
    """The most resident memory that the server's process had; None where the system doesn't keep it."""
    mine = [child for child in psutil.Process().children() if str(server.port) in child.cmdline()]
    status = Path(f"/proc/{mine[0].pid}/status") if mine else Path("/nowhere")
    return peak_of(status.read_text(encoding="utf-8")) if status.is_file() else None


def peak_of(status: str) -> float | None:
    """Megabytes of VmHWM in a /proc/PID/status."""
    lines = [line.split() for line in status.splitlines() if line.startswith("VmHWM:")]
    return round(int(lines[0][1]) * 1024 / 1e6, 1) if lines else None


if __name__ == "__main__":
    main()
