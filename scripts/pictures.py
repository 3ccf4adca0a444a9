"""Make the pictures of README and docs anew: `python -m scripts.pictures [NAME …]`, where Chromium and MNIST are.

Pictures are of the app as it is, with the shipped models and one run of digits that is trained for them.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.browser.drive import explore
from tests.browser.drive.chromium import launch
from tests.browser.drive.server import PROJECT, AppServer
from tests.browser.drive.visit import open_page, wait_idle

DOCS = PROJECT / "docs"
WIDTH, HEIGHT = 1440, 900
RUN = "latent-plane"
STILLS = {
    "explore": "?model=mnist-conv-16",
    "generate": "generate?model=mnist-mlp-2&view=manifold",
    "anomalies": "anomalies?model=mnist-conv-16&normal=3&step=review",
}
FRAMES, FRAME_MS, SHOWN_WIDTH, COLOURS = 44, 90, 960, 255


def main() -> None:
    """Make all, or those that are named."""
    wanted = sys.argv[1:] or [*STILLS, "train", "moving"]
    with tempfile.TemporaryDirectory() as root, sync_playwright() as playwright:
        browser = launch(playwright)
        with AppServer(Path(root)) as server:
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            for name in wanted:
                if name == "moving":
                    moving(page, server)
                    continue
                open_page(page, server, _trained(server) if name == "train" else STILLS[name])
                wait_idle(page, timeout_s=180)
                page.wait_for_timeout(2_000)
                page.screenshot(path=DOCS / f"{name}.png")
        browser.close()


def _trained(server: AppServer) -> str:
    """The address of a run of digits that has ended in the server's folders."""
    command = [sys.executable, "-m", "vae", "train", "--dataset", "digits", "--latent-dim", "2", "--output", RUN]
    subprocess.run(command, env=os.environ | server.env, cwd=PROJECT, check=True, capture_output=True)
    (run,) = [folder.name for folder in server.runs.iterdir() if folder.is_dir()]
    return f"train?job={run}"


def moving(page: Page, server: AppServer) -> None:
    """docs/explore.gif: a slider is dragged, and picture and ring follow."""
    explore.open_explore(page, server, "?model=mnist-conv-16")
    wait_idle(page)
    left, right, y = explore.grab(page)
    start = (left + right) / 2
    frames = []
    for i in range(FRAMES):
        share = abs(i - FRAMES / 2) / (FRAMES / 2)  # from the middle to the right end, and back: no jump at the end
        page.mouse.move(start + (1 - share) * (right - start) * 0.9, y)
        page.wait_for_timeout(40)
        frames.append(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
    page.mouse.up()
    size = (SHOWN_WIDTH, SHOWN_WIDTH * HEIGHT // WIDTH)
    small = [frame.resize(size, Image.Resampling.LANCZOS) for frame in frames]
    palette = small[FRAMES // 2].quantize(COLOURS)
    drawn = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in small]
    drawn[0].save(
        DOCS / "explore.gif", save_all=True, append_images=drawn[1:], duration=FRAME_MS, loop=0, optimize=True
    )


if __name__ == "__main__":
    main()
