"""How soon a dragged slider shows a picture that the server decodes at 64 × 64 × 3, over the WebSocket.

One long drag with the mouse in headless Chromium, measured as benchmarks/live_decode.py does: from the time stamp of
the mouse movement to after the frame that draws its picture (`ws_p95_ms`), and pictures that differ from the one before
divided by the time of the drag (`ws_pictures_per_s`). The decoder is the one that people copy most
(benchmarks/decoders.py) behind an operation that the app doesn't know: ONNX Runtime evaluates it, in the app's process.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks import colour_64, report
from benchmarks.live_decode import measure_live
from tests.browser.drive.chromium import launch


def main() -> None:
    """Measure and report."""
    arguments = report.parser(__doc__.splitlines()[0] if __doc__ else "").parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = launch(playwright)
        with colour_64.serving(Path(folder), "foreign") as server:
            live = measure_live(browser, server, "foreign")
        browser.close()
    values: report.Values = {
        "ws_p50_ms": live["pointer_to_pixels_p50_ms"],
        "ws_p95_ms": live["pointer_to_pixels_p95_ms"],
        "ws_pictures_per_s": live["pictures_per_s"],
        "ws_input_p95_ms": live["drag_to_pixels_p95_ms"],
        "ws_drag_s": live["drag_s"],
        "ws_draws": live["draws"],
    }
    report.show(values | report.machine(), arguments.json)


if __name__ == "__main__":
    main()
