"""How soon a visitor can use Explore after `streamlit run app.py` answers, beside a one-line Streamlit page.

Every repeat starts a new server and a new browser profile. When the health check answers, a visitor opens the page;
the clock stops when the map's points are seen, which are decoded under the pointer and clicked from then on, and the
sliders have their decoder (`first_map_s`), and once more when Plotly's chart has taken the place of the first
drawing, with its zoom and its labels (`first_plotly_s`; of earlier revisions both are the same). `second_map_s` and
`second_plotly_s` are the next visitor's, with a fresh profile, on the same server. Medians over the repeats. With
--beside REVISION an earlier tree of this project, taken from git, is visited in turns with this one, each first in
every second repeat: `beside_first_map_s`, and `later_than_beside_ms`, the median of the repeats' differences with its
quartiles. One visit varies by a second on a shared machine, so a difference of 50 ms needs 15 repeats or more.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import report
from benchmarks.earlier import checkout
from tests.browser.drive import explore
from tests.browser.drive.chromium import launch
from tests.browser.drive.server import PROJECT, AppServer

CHECKPOINT = "mnist-conv-16"
REPEATS = 5


@dataclass
class Visits:
    """Seconds of the first and of the second visit, one pair a server."""

    first: list[float] = field(default_factory=list)
    first_plotly: list[float] = field(default_factory=list)
    second: list[float] = field(default_factory=list)
    second_plotly: list[float] = field(default_factory=list)


def main() -> None:
    """Measure and report."""
    parser = report.parser(__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--checkpoint", default=CHECKPOINT)
    parser.add_argument("--beside", metavar="REVISION", help="visit that revision of this project too, in turns")
    arguments = parser.parse_args()
    now, earlier, bare = Visits(), Visits(), list[float]()
    with tempfile.TemporaryDirectory() as root, sync_playwright() as playwright:
        folder, browser = Path(root), launch(playwright)
        trees = {"app": (PROJECT, now)}
        if arguments.beside:
            trees["earlier-app"] = (checkout(arguments.beside, folder / "earlier"), earlier)
        for i in range(arguments.repeats):
            for name, (tree, visits) in sorted(trees.items(), reverse=i % 2 == 1):
                with AppServer(folder / f"{name}-{i}", script=tree / "app.py") as server:
                    address = f"{server.url}/?model={arguments.checkpoint}"
                    for maps, charts in ((visits.first, visits.first_plotly), (visits.second, visits.second_plotly)):
                        seen, drawn = visit(browser, address, explore.wait_first_map, explore.wait_usable)
                        maps.append(seen)
                        charts.append(drawn)
            with AppServer(folder / f"bare-{i}", script=Path(__file__).parent / "pages" / "bare.py") as server:
                bare += visit(browser, server.url, lambda page: page.wait_for_selector("h1", timeout=60_000))
        browser.close()
    values: report.Values = {
        "checkpoint": arguments.checkpoint,
        "first_map_s": round(statistics.median(now.first), 2),
        "first_map_max_s": round(max(now.first), 2),
        "first_plotly_s": round(statistics.median(now.first_plotly), 2),
        "second_map_s": round(statistics.median(now.second), 2),
        "second_plotly_s": round(statistics.median(now.second_plotly), 2),
        "bare_page_s": round(statistics.median(bare), 2),
        "first_map_over_bare": round(statistics.median(now.first) / statistics.median(bare), 2),
        "second_map_over_bare": round(statistics.median(now.second) / statistics.median(bare), 2),
        "repeats": arguments.repeats,
    }
    if arguments.beside:
        values |= {
            "beside": arguments.beside,
            "beside_first_map_s": round(statistics.median(earlier.first), 2),
            "beside_second_map_s": round(statistics.median(earlier.second), 2),
            **later("later_than_beside", now.first, earlier.first),
            **later("second_later_than_beside", now.second, earlier.second),
            **later("plotly_later_than_beside", now.first_plotly, earlier.first_plotly),
            **later("second_plotly_later_than_beside", now.second_plotly, earlier.second_plotly),
        }
    report.show(values | report.machine(), arguments.json)


def later(name: str, now: list[float], earlier: list[float]) -> report.Values:
    """The repeats' differences in milliseconds: their median, and their quartiles."""
    differences = [1000 * (here - there) for here, there in zip(now, earlier, strict=True)]
    lower, middle, upper = statistics.quantiles(differences, n=4, method="inclusive")
    return {f"{name}_ms": round(middle), f"{name}_quartiles_ms": f"{lower:.0f} to {upper:.0f}"}


def visit(browser: Browser, address: str, *waits: Callable[[Page], object]) -> list[float]:
    """Seconds until each of these has come true, one after the other, for a visitor with a fresh profile."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    start = time.perf_counter()
    page.goto(address, wait_until="commit")
    seconds = []
    for wait in waits:
        wait(page)
        seconds.append(time.perf_counter() - start)
    context.close()
    return seconds


if __name__ == "__main__":
    main()
