"""Sessions of closed tabs are ended, others never."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

import pytest
from streamlit.runtime.memory_session_storage import MemorySessionStorage

from ui.shared.sessions.closed_sessions import KEPT_SECONDS, LOOK_SECONDS, SessionWatch


class Server:
    """In the place of Streamlit's; `later` is what its thread is asked to do."""

    def __init__(self) -> None:
        self.active: set[str] = set()
        self.closed: list[str] = []
        self.later: list[Callable[[], None]] = []

    def is_active_session(self, session_id: str) -> bool:
        return session_id in self.active

    def close_session(self, session_id: str) -> None:
        self.closed.append(session_id)

    def catch_up(self) -> list[str]:
        for call in self.later:
            call()
        self.later.clear()
        return self.closed


def test_a_session_ends_some_time_after_its_tab_was_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    now, server = [0.0], Server()
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    watch = SessionWatch(server, server.later.append)
    server.active = {"stays", "leaves", "returns"}
    for session_id in server.active:
        watch.note(session_id)
    for seconds in (KEPT_SECONDS, 1_000.0):  # however long nobody clicks
        now[0] += seconds
        watch.look()
    assert server.catch_up() == []
    server.active = {"stays"}
    now[0] += KEPT_SECONDS - 1
    watch.look()
    assert server.later == []
    now[0] += 2
    watch.look()
    server.active.add("returns")  # in this very moment
    assert server.catch_up() == ["leaves"]
    server.active.remove("returns")
    now[0] += KEPT_SECONDS + 1
    watch.look()
    assert server.catch_up() == ["leaves", "returns"]


def test_garbage_is_collected_once_and_never_on_the_servers_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    now, server, collected = [0.0], Server(), list[int]()
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(gc, "collect", lambda: collected.append(1))
    watch = SessionWatch(server, server.later.append)
    for session_id in ("a", "b"):
        watch.note(session_id)
    now[0] += KEPT_SECONDS + 1
    watch.look()
    assert server.catch_up() == ["a", "b"]
    assert collected == []
    watch.look()
    watch.look()
    assert collected == [1]


def test_streamlit_still_finds_the_session_then() -> None:
    assert MemorySessionStorage()._cache.ttl > KEPT_SECONDS + LOOK_SECONDS  # type: ignore[attr-defined]
