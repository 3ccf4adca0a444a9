"""How soon a click in Explore is answered by Python, in an idle app and while a job trains.

From the time stamp of the mouse's release over a point to after the frame that shows this point's row with its original
image: only Python can bring that one. `decoded` is the reconstruction, which the page draws by itself.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from playwright.sync_api import Page, sync_playwright

from tests.browser.drive import explore
from tests.browser.drive.chromium import launch
from tests.browser.drive.explore import CHART, PANEL, Point
from tests.browser.drive.server import AppServer
from tests.browser.drive.visit import wait_idle
from vae.config import ModelConfig, TrainConfig
from vae.jobs import queue
from vae.jobs.job import Job, log_tail
from vae.training.request import TrainingRequest
from vae.training.run_folder import request_files

CHECKPOINT = "mnist-conv-16"
CLICKS, WARM_UP = 15, 3
START_SECONDS, STOP_SECONDS = 300, 120

ANSWERED = """(panel, row) => new Promise((resolve) => {
    let released = null
    let decoded = null
    document.addEventListener("pointerup", (event) => { released = event.timeStamp }, { once: true, capture: true })
    const painted = (then) => {
        const channel = new MessageChannel()
        channel.port1.onmessage = () => then(performance.now() - released)
        channel.port2.postMessage(null)
    }
    const look = () => {
        const there = released !== null && panel.dataset.row === String(row)
        if (there && decoded === null) {
            decoded = 0
            painted((after) => { decoded = after })
        }
        const original = panel.querySelector("canvas.original")
        const loaded = there && original.style.visibility === "visible"
        if (loaded) painted((after) => resolve({ answered: after, decoded: decoded || after }))
        else requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
    window.listening = true
})"""

LONELY = """([selector, count]) => {
    const chart = document.querySelector(selector)
    const { xaxis, yaxis } = chart._fullLayout
    const box = chart.getBoundingClientRect()
    const points = chart._fullData.flatMap((data) => Array.from(data.x, (x, i) => ({
        row: data.customdata[i], x: xaxis.l2p(x), y: yaxis.l2p(data.y[i]),
    }))).filter(({ x, y }) => x > 20 && y > 20 && x < xaxis._length - 20 && y < yaxis._length - 20)
    const far = (p) => points.every((q) => p === q || Math.hypot(p.x - q.x, p.y - q.y) > 5)
    const lonely = points.filter(far)
    const step = lonely.length / count
    return Array.from({ length: Math.min(count, lonely.length) }, (_, i) => lonely[Math.floor(i * Math.max(step, 1))])
        .map(({ row, x, y }) => ({ row, x: box.left + xaxis._offset + x, y: box.top + yaxis._offset + y }))
}"""


class ClickError(Exception):
    """The clicks could not be measured; the message says why."""


@dataclass(frozen=True)
class Click:
    """Milliseconds from the release of the mouse to Python's answer, and to the page's own picture."""

    answered: float
    decoded: float


@dataclass(frozen=True)
class Clicks:
    """The same points clicked in an idle app (twice) and while a job trains; and the epochs it trained meanwhile."""

    idle: list[Click]
    training: list[Click]
    epochs_meanwhile: int


def measure(folder: Path, clicks: int = CLICKS) -> Clicks:
    """Click in an idle app, beside a training job, and idle again, so that a drift hits both. Raises ClickError."""
    with sync_playwright() as playwright, AppServer(folder) as server:
        browser = launch(playwright)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        explore.open_explore(page, server, f"?model={CHECKPOINT}")
        page.wait_for_timeout(2000)
        points = lonely_points(page, clicks + WARM_UP)
        idle = click_all(page, points)
        with training_job(server) as job:
            before = epochs_done(job.id)
            training = click_all(page, points)
            if not queue.get(job.id).active:
                raise ClickError(f"The training job ended while the points were clicked.\n{log_tail(job)}")
            meanwhile = epochs_done(job.id) - before
        idle += click_all(page, points)
        browser.close()
    return Clicks(idle, training, meanwhile)


def lonely_points(page: Page, count: int) -> list[Point]:
    """Points spread over the whole data set, with no other so near that a click could mean it."""
    found = page.evaluate(LONELY, [CHART, count])
    if len(found) < count:
        raise ClickError(f"The map has {len(found)} points that stand alone, expected {count}.")
    return [Point(int(p["row"]), float(p["x"]), float(p["y"])) for p in found]


def click_all(page: Page, points: Sequence[Point]) -> list[Click]:
    """Click every point; the first few warm up."""
    return [click(page, point) for point in points][WARM_UP:]


def click(page: Page, point: Point) -> Click:
    """Click one point and wait for the answer, then until the app is still."""
    page.mouse.move(point.x, point.y, steps=5)
    page.wait_for_timeout(100)  # Plotly finds the point under the mouse
    panel = page.locator(PANEL)
    panel.evaluate(f"(panel, row) => {{ window.answer = ({ANSWERED})(panel, row) }}", point.row)
    page.mouse.down()
    page.mouse.up()
    times = page.evaluate("Promise.race([window.answer, new Promise((done) => setTimeout(done, 20000, null))])")
    if times is None:
        raise ClickError(f"A click on row {point.row:,} was not answered within 20 s.")
    wait_idle(page)
    return Click(float(times["answered"]), float(times["decoded"]))


def median(clicks: Sequence[Click]) -> Click:
    """The median of each time, to 0.1 ms."""
    return Click(
        round(statistics.median(click.answered for click in clicks), 1),
        round(statistics.median(click.decoded for click in clicks), 1),
    )


@contextmanager
def training_job(server: AppServer) -> Iterator[Job]:
    """A long training in the app's own folders, past its start-up; stopped and ended at the end. Raises ClickError."""
    config = TrainConfig("mnist", epochs=100_000, batch_size=256, lr_schedule="constant", learning_rate=1e-3)
    request = TrainingRequest(ModelConfig("mlp", (1, 28, 28), 20, (400,)), config, "benchmark-run")
    with mock.patch.dict(os.environ, server.env):
        job = request_files.submit(request)
        try:
            wait_for_epoch(job.id)
            yield job
        finally:
            end(job.id)


def wait_for_epoch(job_id: str) -> None:
    """Wait until the job has finished its first epoch."""
    deadline = time.monotonic() + START_SECONDS
    while epochs_done(job_id) < 1:
        job = queue.get(job_id)
        if not job.active:
            raise ClickError(f"The training job ended: {job.reason}\n{log_tail(job)}")
        if time.monotonic() > deadline:
            raise ClickError(f"The training job finished no epoch within {START_SECONDS} s.\n{log_tail(job)}")
        time.sleep(0.2)


def epochs_done(job_id: str) -> int:
    """Epochs the job has finished."""
    return int((queue.get(job_id).progress or {}).get("epoch", 0))


def end(job_id: str) -> None:
    """Stop the job and wait until it is gone: its model is being written, and its folder is deleted next."""
    queue.stop(job_id)
    deadline = time.monotonic() + STOP_SECONDS
    while queue.get(job_id).active and time.monotonic() < deadline:
        time.sleep(0.2)
    if queue.get(job_id).active:
        print(f"The training job {job_id} did not stop within {STOP_SECONDS} s.", file=sys.stderr)
