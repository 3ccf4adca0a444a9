"""Visit a page of the app and wait until it is still. For tests and benchmarks: no pytest."""

from __future__ import annotations

import time

from playwright.sync_api import Page

from tests.browser.drive.server import AppServer

# What a person does reaches the server some time later, and the page says "running" only a while after the server has
# begun. So the page's socket is watched: a request to run (BackMsg.rerun_script) is open until a run ends
# (ForwardMsg.script_finished), and every run is open from its beginning (ForwardMsg.new_session); one that ends for
# another one (FINISHED_EARLY_FOR_RERUN) stays open. The messages are protobuf; a tag holds a field's number and kind.
WATCH = """(() => {
    if (window.__openRequests) return
    const RERUN_SCRIPT = (11 << 3) | 2, NEW_SESSION = (4 << 3) | 2, SCRIPT_FINISHED = 6 << 3, FOR_RERUN = 2
    const open = window.__openRequests = new Set()
    const bytes = (data) => new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0, data.byteLength)
    const varint = (message, at) => {
        let value = 0
        for (let shift = 0; ; shift += 7) {
            const byte = message[at++]
            value += (byte & 0x7f) * 2 ** shift
            if (byte < 0x80) return [value, at]
        }
    }
    function* fields(message) { // ForwardMsg's are whole numbers, or have a length
        for (let at = 0; at < message.length;) {
            const [tag, from] = varint(message, at)
            const [value, next] = varint(message, from)
            yield [tag, value]
            at = (tag & 7) === 2 ? next + value : next
        }
    }
    const hear = async (socket, data) => {
        for (const [tag, value] of fields(bytes(data instanceof Blob ? await data.arrayBuffer() : data))) {
            if (tag === NEW_SESSION) open.add(socket)
            if (tag === SCRIPT_FINISHED && value !== FOR_RERUN) open.delete(socket)
        }
    }
    const send = WebSocket.prototype.send
    WebSocket.prototype.send = function (data) {
        if (typeof data !== "string" && bytes(data)[0] === RERUN_SCRIPT) {
            if (!this.__heard) {
                this.__heard = true
                this.addEventListener("message", ({ data }) => hear(this, data))
                this.addEventListener("close", () => open.delete(this))
            }
            open.add(this)
        }
        return send.call(this, data)
    }
})()"""


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
