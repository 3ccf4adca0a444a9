"""What a closed tab leaves in the server's memory goes after a while.

Streamlit keeps the session of a closed tab for two minutes, in case it comes back after a broken connection. Only the
next tab that closes later ends it: until then its uploads, its state and three file descriptors stay, of up to 128
sessions. Here they are ended in time. `Runtime.close_session` does that, on the server's own thread; what sessions held
in circles is collected afterwards on the thread that looks, once for all that were closed since it looked last.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

LOG = logging.getLogger("latent_space_explorer")
KEPT_SECONDS = 100.0  # after its tab was closed: less than Streamlit's 120, after which it can't be found any more
LOOK_SECONDS = 5.0


class SessionServer(Protocol):
    """What is used of Streamlit's runtime."""

    def is_active_session(self, session_id: str) -> bool:
        """Whether a browser is connected to it."""

    def close_session(self, session_id: str) -> None:
        """End it; on the server's thread only."""


class SessionWatch:
    """Knows every session, and when it was last seen with a browser."""

    def __init__(self, server: SessionServer, on_server: Callable[[Callable[[], None]], object]) -> None:
        self._server, self._on_server = server, on_server
        self._seen: dict[str, float] = {}
        self._lock = threading.Lock()
        self._garbage = threading.Event()  # some were closed since garbage was collected

    def note(self, session_id: str) -> None:
        """A session runs a page."""
        with self._lock:
            self._seen[session_id] = time.monotonic()

    def look(self) -> None:
        """End the sessions that nobody has been connected to for long, and collect what those of before held."""
        if self._garbage.is_set():
            self._garbage.clear()
            gc.collect()
        now = time.monotonic()
        with self._lock:
            active = {session_id: now for session_id in self._seen if self._server.is_active_session(session_id)}
            self._seen |= active
            ended = [session_id for session_id, seen in self._seen.items() if now - seen > KEPT_SECONDS]
            for session_id in ended:
                del self._seen[session_id]
        if ended:
            self._on_server(lambda: self._close(ended))

    def _close(self, ended: list[str]) -> None:
        for session_id in ended:
            if self._server.is_active_session(session_id):  # it has come back just now
                self.note(session_id)
            else:
                self._server.close_session(session_id)
                self._garbage.set()

    def run(self) -> None:
        """Look for ever, for a thread of its own."""
        while True:
            time.sleep(LOOK_SECONDS)
            try:
                self.look()
            except Exception:  # a server that is ending, or another Streamlit: nothing is lost by waiting
                LOG.debug("Closed sessions can't be ended", exc_info=True)


def note_session() -> None:
    """This session runs a page: once its tab is closed, it is ended in time."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is not None and runtime.exists():
        with contextlib.suppress(AttributeError):  # of a Streamlit that is built otherwise: then its own rule holds
            _watch().note(context.session_id)


@st.cache_resource(show_spinner=False)
def _watch() -> SessionWatch:
    server = runtime.get_instance()
    watch = SessionWatch(server, server._get_async_objs().eventloop.call_soon_threadsafe)
    threading.Thread(target=watch.run, name="closed sessions", daemon=True).start()
    return watch
