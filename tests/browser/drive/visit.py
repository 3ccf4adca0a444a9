"""Visit a page of the app and wait until it is still. For tests and benchmarks: no pytest."""

from __future__ import annotations

import time
from collections.abc import Callable

from playwright.sync_api import Page

from tests.browser.drive.server import AppServer
from ui.components import assets

# What a person does reaches the server some time later, and the page says "running" only a while after the server has
# begun. So the page's socket is watched: a request is open until a run that began after it, for it, ends.
WATCH = """(() => {
    if (window.__openRequests) return
    REQUESTS
    const open = window.__openRequests = new OpenRequests()
    const heard = new WeakSet()
    const send = WebSocket.prototype.send
    WebSocket.prototype.send = function (data) {
        const request = isStreamlits(this) && requestOf(data)
        if (request) open.sent(request)
        if (request && !heard.has(this)) {
            heard.add(this)
            this.addEventListener("message", async ({ data }) => {
                open.heard(data instanceof Blob ? await data.arrayBuffer() : data)
            })
            this.addEventListener("close", () => open.closed())
        }
        return send.call(this, data)
    }
})()""".replace("REQUESTS", assets.text("back_forward/requests.js").replace("export ", ""))


def open_page(page: Page, server: AppServer, path: str = "", timeout_s: float = 60) -> None:
    """Visit `path` ("train?job=…") and wait until the page is still."""
    page.add_init_script(WATCH)
    page.goto(f"{server.url}/{path.lstrip('/')}")
    wait_idle(page, timeout_s)


def wait_idle(page: Page, timeout_s: float = 60, quiet_ms: int = 200) -> None:
    """Wait until the page is connected, its requests are answered and nothing runs or loads, for `quiet_ms`.

    The attributes and test ids are those of Streamlit 1.67's front end.
    """
    page.wait_for_function(
        """([quiet, call]) => {
            const app = document.querySelector("[data-testid='stApp']");
            const idle = app !== null
                && !window.__openRequests?.size
                && !window.backForward?.sending.waiting.length
                && app.dataset.testConnectionState === "CONNECTED"
                && app.dataset.testScriptState === "notRunning"
                && document.querySelector("[data-testid='stSkeleton'], [data-testid='stAppSkeleton']") === null;
            const seen = window.__waitIdle;
            if (!idle || seen === undefined || seen.call !== call) {
                window.__waitIdle = { call, since: performance.now() };
                return false;
            }
            return performance.now() - seen.since >= quiet;
        }""",
        arg=[quiet_ms, time.monotonic_ns() % 2**50],
        timeout=timeout_s * 1000,
    )


def eventually(page: Page, holds: Callable[[], bool], timeout_s: float = 30) -> bool:
    """Whether something comes true, which a slow machine may delay."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        page.wait_for_timeout(20)
    return True
