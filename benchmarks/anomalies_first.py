"""How soon Anomalies shows a first picture: after it is opened, and after `Check` is pressed.

Three models: MNIST's, digits', and one of 60 rendered colour pictures (own_images/render.py), which is imported and
trained for this. Opened: from the navigation on to after the frame that has painted a sheet of pictures. `new_server`
is the very first visit of a server that has just answered; the others come with fresh profiles to a server on which
somebody has looked at Explore and Anomalies. Checked: from the release of the mouse on `Check` to the first frame with
the pictures that are checked, and until all scores are there; on a new server PyTorch is loaded in it, later ones are
remembered. Medians, and the slowest of each. `bare_page_ms` is a one-line Streamlit page, visited in turns with them.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

from playwright.sync_api import Browser, sync_playwright

from benchmarks import report, startup
from benchmarks.own_images import imported
from benchmarks.own_images.__main__ import vae
from tests.browser.drive.chromium import launch
from tests.browser.drive.server import PROJECT, AppServer
from tests.browser.drive.visit import open_page, wait_idle
from ui.anomalies import looking

OWN, PICTURES, EPOCHS = "parts", 60, "20"
MODELS = ("mnist-conv-16", "digits-mlp-8", OWN)
REPEATS = 5
PATIENCE_MS = 300_000  # all scores of 10,000 images, on a slow machine

# Told from the first moment on: when a sheet was painted first, and first since the mouse was released.
LISTEN = """
window.painted = { opened: null, released: null, checked: null }
document.addEventListener("sheet-drawn", ({ detail }) => {
    painted.opened ??= performance.now()
    if (painted.released !== null && detail.count === FIRST) painted.checked ??= performance.now()
})
document.addEventListener("pointerup", (event) => { painted.released = event.timeStamp }, true)
""".replace("FIRST", str(looking.FIRST))  # the questions' sheets, which may be drawn again, have fewer
REVIEW = ".review[data-ready='yes']"


@dataclass
class Visits:
    """Milliseconds: opened to the first picture; pressed to the first picture, and to all scores."""

    opened: list[float] = field(default_factory=list)
    checked: list[float] = field(default_factory=list)
    scored: list[float] = field(default_factory=list)

    def values(self, name: str) -> report.Values:
        found: report.Values = {}
        for what, times in (("opened", self.opened), ("checked", self.checked), ("scored", self.scored)):
            found[f"{name}_{what}_ms"] = round(report.percentile(times, 50))
            if len(times) > 1:
                found[f"{name}_{what}_max_ms"] = round(max(times))
        return found


def main() -> None:
    """Measure all models and report."""
    parser = report.parser(__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--models", nargs="+", default=MODELS)
    asked = parser.parse_args()
    values: report.Values = {"load_before": round(os.getloadavg()[0], 2), "repeats": asked.repeats}
    with tempfile.TemporaryDirectory() as root, sync_playwright() as playwright:
        folder, browser = Path(root), launch(playwright)
        data = imported.data_folder(folder / "home", {OWN: PICTURES})
        with mock.patch.dict(os.environ, {"VAE_DATA": str(data)}):
            if OWN in asked.models:
                vae(PROJECT, folder / "home", "train", "--dataset", OWN, "--output", OWN, "--epochs", EPOCHS)
            with AppServer(folder / "bare", script=Path(__file__).parent / "pages" / "bare.py") as bare:
                for model in asked.models:
                    values |= of_model(browser, folder, model, bare, asked.repeats)
        browser.close()
    values["load_after"] = round(os.getloadavg()[0], 2)
    report.show(values | report.machine(), asked.json)


def of_model(browser: Browser, folder: Path, model: str, bare: AppServer, repeats: int) -> report.Values:
    """The first visit of a new server, and visits of one that is warm, in turns with visits of a bare page."""
    new, warm, plain = Visits(), Visits(), list[float]()
    server = AppServer(folder / f"app-{model}")
    own = folder / "home" / "checkpoints" / OWN
    server.start()
    try:
        if model == OWN:
            own.rename(server.checkpoints / OWN)
        visit(browser, server, model, new)
        page = browser.new_page()
        open_page(page, server, f"?model={model}")
        page.close()
        for _ in range(repeats):
            visit(browser, server, model, warm)
            [seconds] = startup.visit(browser, bare.url, lambda page: page.wait_for_selector("h1"))
            plain.append(1000 * seconds)
    finally:
        server.close()
    name = model.replace("-", "_")
    return (
        new.values(f"{name}_new_server")
        | warm.values(name)
        | {f"{name}_bare_page_ms": round(report.percentile(plain, 50))}
    )


def visit(browser: Browser, server: AppServer, model: str, times: Visits) -> None:
    """Open the page with a fresh profile, and press Check."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.add_init_script(LISTEN)
    open_page(page, server, f"anomalies?model={model}")
    seen = page.wait_for_function("painted.opened", timeout=PATIENCE_MS, polling=50)
    times.opened.append(float(seen.json_value()))
    page.locator(".st-key-anomalies-check button").click()
    page.wait_for_selector(REVIEW, timeout=PATIENCE_MS)
    scored = float(page.evaluate("performance.now()"))
    released = float(page.evaluate("painted.released"))
    # where the model has looked at all images before the first were painted, the review's tiles are the first
    times.checked.append(float(page.evaluate("painted.checked") or scored) - released)
    times.scored.append(scored - released)
    wait_idle(page)
    context.close()


if __name__ == "__main__":
    main()
