"""How soon a plane of latent space is there, and what dragging it is like: a part of benchmarks/generation/measure.py.

- manifold_sheet_ms: from the time stamp of the click on `Manifold` to after the frame in which none of the 20 × 20
  tiles is missing. Every repeat mounts the plane anew; the model's weights are in the page already.
- manifold_zoom_ms: from a click on `+` to the frame with all 400 tiles of the finer sheet.
- panning: zoomed in once, the mouse drags the plane in strokes of STROKE tiles, always on to tiles not seen before. A
  tile's wait goes from the frame that first lacked it to the frame that shows it. `manifold_tile_longest_ms` also
  holds those that left the window still missing.

The plain page decodes as many pictures with PyTorch and shows them by one st.image when a st.slider is let go.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Locator, Page

from benchmarks import report
from benchmarks.live_decode import st_slider_once
from tests.browser.drive import generate
from tests.browser.drive.generate import Box
from tests.browser.drive.server import AppServer
from tests.browser.drive.visit import wait_idle
from vae.storage import paths

CHECKPOINT = "mnist-mlp-2"
TILES = 20
OPENINGS, ZOOMS, SLIDES, WARM_UP = 7, 8, 15, 2
STROKES, STROKE, TILES_PER_S = 8, 12, 10.0
SOON_MS = 100.0
PATIENCE_MS = 60_000

# Every frame that the plane draws, at the time after it was painted.
LISTEN = """() => {
    window.planeFrames = []
    document.addEventListener("manifold-drawn", ({ detail }) => {
        const channel = new MessageChannel()
        channel.port1.onmessage = () => {
            const { missing, visible, level, oldestMissingMs, waits } = detail
            window.planeFrames.push({ at: performance.now(), missing, visible, level, oldest: oldestMissingMs, waits })
        }
        channel.port2.postMessage(null)
    })
}"""
WHOLE = """(level) => {
    const whole = window.planeFrames.find((f) => f.missing === 0 && f.level === level && f.at > window.released)
    return whole && whole.at
}"""


@dataclass(frozen=True)
class Stroke:
    """One drag: its frames' times (ms), the waits that ended in it, the longest wait of what was missing; tiles, s."""

    frames: Sequence[float]
    waits: Sequence[float]
    oldest: float
    tiles: float
    seconds: float


def measure(page: Page, server: AppServer) -> report.Values:
    """Open the plane again and again, zoom, and drag it."""
    generate.open_generate(page, server, CHECKPOINT, view="traversals", scale="even", tiles=str(TILES))
    generate.sheet(page, "traversals")
    page.evaluate(LISTEN)
    openings = [opening(page) for _ in range(OPENINGS + WARM_UP)][WARM_UP:]
    generate.go(page, "Manifold")
    generate.wait_complete(page)
    zooms = [zooming(page, level) for level in range(1, ZOOMS + 1)]
    page.get_by_role("button", name="Home").click()
    page.get_by_role("button", name="Zoom in").click()
    generate.wait_complete(page)
    page.wait_for_timeout(300)
    stage = generate.box_of(page.locator(generate.STAGE))
    strokes = [stroke(page, stage) for _ in range(STROKES + 1)][1:]
    return {
        "manifold_sheet_ms": report.percentile(openings, 50),
        "manifold_sheet_p95_ms": report.percentile(openings, 95),
        "manifold_zoom_ms": report.percentile(zooms, 50),
        **pan_figures(strokes),
    }


def opening(page: Page) -> float:
    """Milliseconds from the click on the view's title to the whole sheet; leaves it again."""
    milliseconds = whole_sheet(page, page.get_by_text("Manifold", exact=True).first, 0)
    wait_idle(page)
    generate.go(page, "Traversals")
    return milliseconds


def zooming(page: Page, level: int) -> float:
    """Milliseconds from the click on `+` to the whole sheet of this level."""
    milliseconds = whole_sheet(page, page.get_by_role("button", name="Zoom in"), level)
    page.wait_for_timeout(200)
    return milliseconds


def whole_sheet(page: Page, button: Locator, level: int) -> float:
    """Click, and wait for the first frame of this level without a missing tile."""
    box = generate.box_of(button)
    page.evaluate("() => { window.planeFrames.length = 0; window.released = Infinity }")
    page.mouse.click(box.x + box.width / 2, box.y + box.height / 2)
    at = float(page.wait_for_function(WHOLE, arg=level, timeout=PATIENCE_MS).json_value())
    return at - float(page.evaluate("window.released"))


def stroke(page: Page, stage: Box) -> Stroke:
    """Drag the plane to the left by STROKE tiles at an even speed, then let go."""
    tile = stage.width / TILES
    left, y = stage.x + (TILES - STROKE) / 2 * tile, stage.y + stage.height / 2
    page.mouse.move(left + STROKE * tile, y)
    page.mouse.down()
    page.evaluate("() => { window.planeFrames.length = 0 }")
    start = time.perf_counter()
    done = 0.0
    while done < STROKE:
        done = min(STROKE, (time.perf_counter() - start) * TILES_PER_S)
        page.mouse.move(left + (STROKE - done) * tile, y)
    seconds = time.perf_counter() - start
    frames = page.evaluate("window.planeFrames.slice()")
    page.mouse.up()
    generate.wait_complete(page)
    page.wait_for_timeout(50)
    late = page.evaluate("(from) => window.planeFrames.slice(from)", len(frames))
    return Stroke(
        [float(frame["at"]) for frame in frames],
        [float(wait) for frame in [*frames, *late] for wait in frame["waits"]],
        max(float(frame["oldest"]) for frame in [*frames, *late]),
        STROKE,
        seconds,
    )


def pan_figures(strokes: Sequence[Stroke]) -> report.Values:
    """Frames a second while the mouse moves, and how long tiles were waited for."""
    intervals = np.concatenate([np.diff(one.frames) for one in strokes])
    waits = np.concatenate([one.waits for one in strokes])
    longest = max(*(one.oldest for one in strokes), float(waits.max(initial=0)))
    return {
        "manifold_pan_fps": round(1000 / float(intervals.mean()), 1) if len(intervals) else 0.0,
        "manifold_pan_frame_p95_ms": report.percentile(intervals.tolist(), 95) if len(intervals) else None,
        "manifold_pan_tiles_per_s": round(sum(s.tiles for s in strokes) / sum(s.seconds for s in strokes), 1),
        "manifold_pan_s": round(math.fsum(s.seconds for s in strokes), 1),
        "manifold_tiles_new": len(waits),
        "manifold_tile_p50_ms": report.percentile(waits.tolist(), 50) if len(waits) else None,
        "manifold_tile_p95_ms": report.percentile(waits.tolist(), 95) if len(waits) else None,
        "manifold_tile_longest_ms": round(longest, 1),
        "manifold_tiles_within_100_ms_percent": round(100 * float(np.mean(waits <= SOON_MS)), 1) if len(waits) else 0.0,
    }


def environment(checkpoint: str) -> dict[str, str]:
    """What the plain pages need to know."""
    path = os.pathsep.join([str(paths.PROJECT), os.environ.get("PYTHONPATH", "")])
    return {"BENCHMARK_CHECKPOINT": checkpoint, "PYTHONPATH": path}


def measure_plain(browser: Browser, folder: Path) -> report.Values:
    """Releases of an st.slider, each to the frame with the new sheet."""
    script = Path(__file__).parents[1] / "pages" / "manifold_sheet.py"
    with AppServer(folder, environment(CHECKPOINT), script) as server:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(server.url)
        page.wait_for_selector("[data-testid=stImage] img", timeout=PATIENCE_MS)
        wait_idle(page)
        times = [st_slider_once(page, i) for i in range(SLIDES + WARM_UP)][WARM_UP:]
        page.close()
    return {"plain_manifold_ms": report.percentile(times, 50), "plain_manifold_p95_ms": report.percentile(times, 95)}
