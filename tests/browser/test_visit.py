"""Waiting until the page is still does not end before the server has heard what was done."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, WebSocketRoute
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.browser.conftest import StartApp
from tests.browser.drive.visit import open_page, wait_idle

APP = """import streamlit as st

@st.fragment
def part():
    st.session_state.presses = st.session_state.get("presses", 0) + st.button("Press")
    st.text(f"pressed {st.session_state.presses} times")

part()
"""
LATE_MS = 800  # far longer than the page has to be quiet


def test_a_slow_way_to_the_server_is_waited_for(page: Page, start_app: StartApp, tmp_path: Path) -> None:
    script = tmp_path / "app.py"
    script.write_text(APP, encoding="utf-8")
    server = start_app(script=script)
    late = 0

    def hold_back(route: WebSocketRoute) -> None:
        upstream = route.connect_to_server()

        def send(message: str | bytes) -> None:
            if late:
                page.wait_for_timeout(late)
            upstream.send(message)

        route.on_message(send)

    page.route_web_socket("**/_stcore/stream", hold_back)
    open_page(page, server)
    late = LATE_MS
    for presses in (1, 2):
        page.get_by_role("button", name="Press").click()
        wait_idle(page)
        assert page.get_by_text(f"pressed {presses} times").is_visible()


RERUNNING = """import streamlit as st

@st.fragment
def part():
    if st.button("Press"):
        st.rerun()

st.session_state.runs = st.session_state.get("runs", 0) + 1
st.text(f"ran {st.session_state.runs} times")
part()
"""


def test_a_run_that_another_follows_is_not_the_end(page: Page, start_app: StartApp, tmp_path: Path) -> None:
    script = tmp_path / "app.py"
    script.write_text(RERUNNING, encoding="utf-8")
    server = start_app(script=script)

    def hold_back(route: WebSocketRoute) -> None:
        upstream = route.connect_to_server()
        route.on_message(upstream.send)
        begun = 0

        def hear(message: str | bytes) -> None:
            nonlocal begun
            begun += is_new_session(message)
            if begun == 3 and is_new_session(message):  # of the page, of the fragment, of what follows it
                page.wait_for_timeout(LATE_MS)
            route.send(message)

        upstream.on_message(hear)

    page.route_web_socket("**/_stcore/stream", hold_back)
    open_page(page, server)
    page.get_by_role("button", name="Press").click()
    wait_idle(page)
    assert page.get_by_text("ran 2 times").is_visible()


def is_new_session(message: str | bytes) -> bool:
    """Whether a message of the server's says that a run begins."""
    return isinstance(message, bytes) and ForwardMsg.FromString(message).WhichOneof("type") == "new_session"


SLOW = """import time
import streamlit as st

@st.fragment
def part():
    st.session_state.presses = st.session_state.get("presses", 0) + st.button("Press")
    time.sleep(1)
    st.text(f"pressed {st.session_state.presses} times")

part()
"""


def test_what_is_done_while_a_part_runs_is_waited_for(page: Page, start_app: StartApp, tmp_path: Path) -> None:
    script = tmp_path / "app.py"
    script.write_text(SLOW, encoding="utf-8")
    server = start_app(script=script)

    def hold_back(route: WebSocketRoute) -> None:
        upstream = route.connect_to_server()
        route.on_message(upstream.send)
        ended = 0

        def hear(message: str | bytes) -> None:
            nonlocal ended
            ended += is_end(message)
            route.send(message)
            if ended == 2 and is_end(message):  # of the page, of the first press: the second has yet to begin
                page.wait_for_timeout(LATE_MS)

        upstream.on_message(hear)

    page.route_web_socket("**/_stcore/stream", hold_back)
    open_page(page, server)
    button = page.get_by_role("button", name="Press")
    button.click()
    page.wait_for_selector("[data-testid='stApp'][data-test-script-state='running']")
    button.click()
    wait_idle(page)
    assert page.get_by_text("pressed 2 times").is_visible()


def is_end(message: str | bytes) -> bool:
    """Whether a message of the server's says that a run has ended."""
    return isinstance(message, bytes) and ForwardMsg.FromString(message).WhichOneof("type") == "script_finished"
