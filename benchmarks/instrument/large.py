"""Explore's map with 70,000 and with 1,000,000 images, beside `st.plotly_chart` of the same points.

The latents are drawn from ten Gaussians in the latent space of the checkpoint, whose decoder stays; the map is of two
latent axes. A new server and a new browser for each. `first_map_*_s`: from the visit, once the server answers, until
points are drawn and the sliders have their decoder. `click_*_ms`: from the button's release to after the frame that
shows the reconstruction, median of several clicks; on the plain page, until it says which point it was. `pan_*_fps`:
frames a second in which the map's axes had moved, while a hand drags it; `pan_points_*_fps`: those in which the picture
of the points had, which the plain page draws with its axes. `hover_*_p95_ms`: from the time stamp of a
move without a button to after the frame with its picture; on the plain page to after the next frame, for it decodes
nothing. `*_server_mb` and `*_page_mb`: memory of the server's process and of the browser's largest one, at the end.
`plain_*`: that page; null where it has not drawn after two minutes.
"""

from __future__ import annotations

import dataclasses
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
from playwright.sync_api import Browser, Error, Page, sync_playwright

from benchmarks import report
from benchmarks.instrument.__main__ import LISTEN, WARM_UP, walk
from tests.browser.drive import explore
from tests.browser.drive.chromium import launch
from tests.browser.drive.server import PROJECT, AppServer
from vae.checkpoints import checkpoint_files, checkpoint_writing
from vae.checkpoints.checkpoint import Checkpoint, Latents, NewCheckpoint
from vae.storage.paths import PROJECT as HERE

CHECKPOINT = "mnist-conv-16"
NOBODYS = "0" * 64  # the fingerprint of images that are nowhere: those of MNIST are not what the latents are of
SIZES = {"70k": 70_000, "1m": 1_000_000}
CLICKS, MOVES, PAN_S, PATIENCE_MS = 7, 200, 3.0, 120_000
CHART = ".js-plotly-plot"
DRAWN = ".point-cloud[data-drawn]:not([data-drawn='0'])"
POINTS = "[data-testid=point-cloud]"
PLAIN_DRAWN = """(selector) => {
    const chart = document.querySelector(selector)
    return chart?._fullLayout?.xaxis?._length > 0 && chart.querySelector("canvas") !== null
}"""
# Frames in which the ends of the axes are others than in the frame before, and those in which the points' picture is
# elsewhere, of a page that moves one. One that is drawn anew in the same place is not counted.
COUNT_FRAMES = """([selector, points]) => {
    window.moved = { axes: 0, points: 0 }
    const last = {}
    const look = () => {
        const { xaxis, yaxis } = document.querySelector(selector)._fullLayout
        const now = { axes: `${xaxis.range} ${yaxis.range}`, points: document.querySelector(points)?.style.transform }
        for (const part of ["axes", "points"]) {
            if (now[part] !== last[part]) window.moved[part] += 1
            last[part] = now[part]
        }
        window.looking = requestAnimationFrame(look)
    }
    look()
}"""
# From a move over the chart to after the next frame.
LISTEN_PLAIN = """(selector) => {
    window.samples = []
    document.querySelector(selector).addEventListener("pointermove", ({ timeStamp }) => {
        requestAnimationFrame(() => {
            const channel = new MessageChannel()
            channel.port1.onmessage = () => window.samples.push({ input: performance.now() - timeStamp })
            channel.port2.postMessage(null)
        })
    }, { capture: true })
}"""
# From the button's release to after the frame in which the page says that another point is chosen.
LISTEN_CLICK = """(element) => {
    const said = () => element.dataset.row ?? element.innerText.match(/chosen \\d+/)?.[0]
    window.clicks = []
    let before
    window.addEventListener("pointerdown", () => { before = said() }, { capture: true })
    window.addEventListener("pointerup", ({ timeStamp }) => {
        const look = () => {
            if (said() === before) return requestAnimationFrame(look)
            const channel = new MessageChannel()
            channel.port1.onmessage = () => window.clicks.push(performance.now() - timeStamp)
            channel.port2.postMessage(null)
        }
        requestAnimationFrame(look)
    }, { capture: true })
}"""


def main() -> None:
    """Measure both sizes and report."""
    parser = report.parser(__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--size", action="append", choices=SIZES, help="only this one")
    arguments = parser.parse_args()
    values: report.Values = {"checkpoint": CHECKPOINT, "plain": "st.plotly_chart, scattergl, on_select"}
    with tempfile.TemporaryDirectory() as root, sync_playwright() as playwright:
        for size in arguments.size or SIZES:
            values |= measure(Path(root) / size, size, lambda: launch(playwright))
    report.show(values | report.machine(), arguments.json)


def measure(folder: Path, size: str, start: Callable[[], Browser]) -> report.Values:
    """Explore and the plain page with so many images."""
    checkpoints = folder / "checkpoints"
    new = planted(checkpoint_files.read(CHECKPOINT, HERE / "checkpoints"), SIZES[size])
    checkpoint_writing.write(new, checkpoints / "large")
    points = folder / "points.npz"
    axes = np.argsort(-new.latents.kl_per_dim(), kind="stable")[:2]
    np.savez(points, xy=new.latents.mu[:, axes], labels=new.latents.labels)
    with AppServer(folder / "app", {"VAE_CHECKPOINTS": str(checkpoints)}) as server:
        values = ours(start(), server, size)
    with AppServer(
        folder / "plain", {"BENCHMARK_POINTS": str(points)}, PROJECT / "benchmarks" / "pages" / "plain_map.py"
    ) as server:
        return values | plain(start(), server, size)


def planted(like: Checkpoint, count: int) -> NewCheckpoint:
    """The checkpoint with the latents of `count` images of ten Gaussian classes."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 10, count)
    mu = random.normal(0, 1.2, (10, like.model.latent_dim))[labels] + random.normal(
        0, 0.6, (count, like.model.latent_dim)
    )
    numbers = random.normal(-90, 10, (4, count)).astype(np.float32)
    latents = Latents(mu.astype(np.float32), np.full(mu.shape, 0.3, np.float32), labels, *numbers)
    latents = dataclasses.replace(latents, kl=np.abs(latents.kl), squared_error=np.abs(latents.squared_error))
    latents = dataclasses.replace(latents, elbo=latents.log_likelihood - latents.kl)
    weights = checkpoint_files.read_weights(like)
    images = dataclasses.replace(like.dataset, test_fingerprint=NOBODYS)
    return NewCheckpoint(like.model, like.train, images, like.command, weights, latents, [], dict(like.metrics))


def ours(browser: Browser, server: AppServer, size: str) -> report.Values:
    """Explore."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.add_init_script("localStorage.setItem('latent-explorer-first-steps', 'dismissed')")
    began = time.perf_counter()
    page.goto(f"{server.url}/?model=large&map=latent", wait_until="commit")
    explore.wait_usable(page)
    page.wait_for_selector(DRAWN, state="attached", timeout=PATIENCE_MS)
    first = time.perf_counter() - began
    page.wait_for_timeout(8000)  # what is measured later, as how near data is, comes now
    page.locator(".panel").evaluate(LISTEN_CLICK)
    values = moved(page, size, explore.CHART)
    page.evaluate(LISTEN)
    walk(page, WARM_UP)
    page.evaluate("() => { window.samples.length = 0 }")
    walk(page, MOVES)
    samples = page.evaluate("window.samples.map(({ input }) => input)")
    values |= {f"hover_{size}_p50_ms": report.percentile(samples, 50)}
    values |= {f"hover_{size}_p95_ms": report.percentile(samples, 95)}
    values |= memory(browser, server, size)
    browser.close()
    return {f"first_map_{size}_s": round(first, 2), **values}


def plain(browser: Browser, server: AppServer, size: str) -> report.Values:
    """The same points in a plain page."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    began = time.perf_counter()
    try:
        page.goto(server.url, wait_until="commit")
        page.wait_for_function(PLAIN_DRAWN, arg=CHART, timeout=PATIENCE_MS)
        first = time.perf_counter() - began
        page.wait_for_timeout(4000)
        page.locator("body").evaluate(LISTEN_CLICK)
        values = moved(page, size, CHART)
        page.evaluate(LISTEN_PLAIN, CHART)
        walk_over(page, CHART)
        samples = page.evaluate("window.samples.map(({ input }) => input)")
        values |= {f"hover_{size}_p95_ms": report.percentile(samples, 95) if samples else None}
        values |= memory(browser, server, size)
    except Error:
        return {f"plain_first_map_{size}_s": None}
    finally:
        browser.close()
    return {f"plain_{name}": value for name, value in {f"first_map_{size}_s": round(first, 2), **values}.items()}


def moved(page: Page, size: str, chart: str) -> report.Values:
    """Clicks and a drag."""
    box = page.locator(chart).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for turn in range(CLICKS):
        page.mouse.move(x + 17 * turn - 40, y + 11 * turn - 30)
        page.wait_for_timeout(600)
        page.mouse.down()
        page.mouse.up()
        page.wait_for_timeout(1200)
    clicks = page.evaluate("window.clicks")
    page.evaluate(COUNT_FRAMES, [chart, POINTS])
    page.mouse.move(x, y)
    page.mouse.down()
    began, step = time.perf_counter(), 0
    while (seconds := time.perf_counter() - began) < PAN_S:
        step += 1
        page.mouse.move(x + 80 * np.sin(step / 9), y + 60 * np.cos(step / 7))
    frames = page.evaluate("window.moved")
    page.mouse.up()
    page.evaluate("() => cancelAnimationFrame(window.looking)")
    page.wait_for_timeout(1000)
    return {
        f"click_{size}_ms": round(statistics.median(clicks), 1) if clicks else None,
        f"clicks_{size}": len(clicks),
        f"pan_{size}_fps": round(frames["axes"] / seconds, 1),
        f"pan_points_{size}_fps": round(frames["points"] / seconds, 1) if page.locator(POINTS).count() else None,
    }


def walk_over(page: Page, chart: str) -> None:
    """Moves without a button."""
    box = page.locator(chart).bounding_box()
    assert box is not None
    for step in range(MOVES // 4):  # some of them take seconds
        page.mouse.move(box["x"] + box["width"] * (0.3 + 0.4 * step / MOVES * 4), box["y"] + box["height"] * 0.5)
    page.wait_for_timeout(1000)


def memory(browser: Browser, server: AppServer, size: str) -> report.Values:
    """In MB, resident."""
    everybody = psutil.Process().children(recursive=True)
    servers = [process for process in everybody if str(server.port) in process.cmdline()]
    pages = [process for process in everybody if "--type=renderer" in process.cmdline()]
    largest = {"server": servers, "page": pages}
    return {
        f"{name}_{size}_mb": round(max((one.memory_info().rss for one in found), default=0) / 1e6)
        for name, found in largest.items()
    }


if __name__ == "__main__":
    main()
