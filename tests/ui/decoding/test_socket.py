"""Pictures over the server's own WebSocket: for the session that was granted them, the newest request first."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from starlette.websockets import WebSocket

from ui.decoding.grants import MOST, Grants
from ui.decoding.newest import Newest
from ui.decoding.socket import MOST_TOKEN, DecodeSocket, path_below
from vae.errors import ConfigError

OWN = {"host": "localhost:8501", "origin": "http://localhost:8501"}
Z = [0.25, -1.0]
TOGETHER = 3


class Browser:
    """The other end of a socket, without a network. What is sent to the server waits in `messages`."""

    def __init__(self, grants: Grants, headers: Mapping[str, str] | None = None) -> None:
        self.grants, self.headers = grants, headers or OWN
        self.messages: deque[dict[str, Any]] = deque([{"type": "websocket.connect"}])
        self.heard: list[dict[str, Any]] = []
        self.more = asyncio.Event()

    def says(self, *messages: str | bytes) -> Browser:
        for message in messages:
            kind = "text" if isinstance(message, str) else "bytes"
            self.messages.append({"type": "websocket.receive", kind: message})
        return self

    async def _receive(self) -> dict[str, Any]:
        if not self.messages:
            await asyncio.sleep(0.3)  # what was asked for may come
            return {"type": "websocket.disconnect", "code": 1000}
        return self.messages.popleft()

    async def _send(self, message: Any) -> None:
        self.heard.append(message)

    def run(self) -> Browser:
        scope = {
            "type": "websocket",
            "path": "/decode",
            "headers": [(k.encode(), v.encode()) for k, v in self.headers.items()],
        }
        socket = DecodeSocket(lambda: self.grants)
        asyncio.run(socket.serve(WebSocket(scope, self._receive, self._send)))
        return self

    @property
    def closed_with(self) -> int | None:
        return next((one["code"] for one in self.heard if one["type"] == "websocket.close"), None)

    @property
    def answers(self) -> list[bytes]:
        return [one["bytes"] for one in self.heard if one["type"] == "websocket.send"]


def request(number: int, z: list[float] | None = None) -> bytes:
    """Of one place, or of several that lie one after another."""
    return number.to_bytes(4, "little") + np.array(z or Z, "<f4").tobytes()


def told(z: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Pictures that tell their vectors."""
    return np.round(100 + 10 * z).astype(np.uint8).reshape(len(z), 1, 1, -1)


class Sessions:
    """A server's sessions, of which `here` is connected."""

    def __init__(self) -> None:
        self.here = True
        self.grants = Grants(lambda session: session == "here" and self.here)

    def token(self, decode: Any = told, session: str = "here", model: str = "model") -> str:
        return self.grants.token(session, model, 2, TOGETHER, decode)


@pytest.fixture
def sessions() -> Sessions:
    return Sessions()


def test_a_picture_comes_with_its_number(sessions: Sessions) -> None:
    found = Browser(sessions.grants).says(sessions.token(), request(7)).run()
    assert found.answers == [request(7)[:4] + bytes([102, 90])]
    assert found.closed_with is None


def test_several_pictures_are_decoded_together(sessions: Sessions) -> None:
    batches: list[tuple[int, ...]] = []

    def counted(z: NDArray[np.float32]) -> NDArray[np.uint8]:
        batches.append(z.shape)
        return told(z)

    found = Browser(sessions.grants).says(sessions.token(counted), request(7, [*Z, 1.0, 2.0, 3.0, 4.0])).run()
    assert found.answers == [request(7)[:4] + bytes([102, 90, 110, 120, 130, 140])]
    assert batches == [(3, 2)]


def test_the_newest_request_is_decoded_and_older_ones_are_dropped(sessions: Sessions) -> None:
    begun: list[float] = []
    go_on = threading.Event()

    def slow(z: NDArray[np.float32]) -> NDArray[np.uint8]:
        begun.append(float(z[0, 0]))
        go_on.wait(0.1)
        return told(z)

    asked = [request(k, [float(k), 0.0]) for k in range(1, 8)]
    found = Browser(sessions.grants).says(sessions.token(slow), *asked).run()
    numbers = [int.from_bytes(answer[:4], "little") for answer in found.answers]
    assert numbers[-1] == 7 and numbers == sorted(numbers)
    assert len(begun) <= 2  # at most one was begun before the newest came
    assert begun[-1] == 7.0


def test_the_newest_takes_the_place_of_what_waits() -> None:
    async def taken() -> list[int]:
        newest = Newest[int]()
        later = asyncio.ensure_future(newest.take())
        await asyncio.sleep(0)
        for k in (1, 2, 3):
            newest.put(k)
        first = await later
        newest.put(4)
        return [first, await newest.take(), newest.dropped]

    assert asyncio.run(taken()) == [3, 4, 2]


@pytest.mark.parametrize("token", ["", "guessed", "x" * MOST_TOKEN * 10, "ü\x00", b"bytes"])
def test_a_wrong_token_is_refused(sessions: Sessions, token: str | bytes) -> None:
    sessions.token()
    found = Browser(sessions.grants).says(token, request(1)).run()
    assert (found.closed_with, found.answers) == (1008, [])


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "localhost:8501", "origin": "https://evil.example"},
        {"host": "localhost:8501"},
        {"host": "localhost:8501", "origin": "null"},
        {"origin": "http://localhost:8501"},
        {"host": "evil.example", "origin": "http://evil.example"},  # a name that leads here
    ],
)
def test_another_origin_is_refused_before_it_says_anything(
    sessions: Sessions, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "streamlit.web.server.starlette.starlette_websocket.is_host_allowed", lambda host: host == "localhost:8501"
    )
    found = Browser(sessions.grants, headers).says(sessions.token(), request(1)).run()
    assert [one["type"] for one in found.heard] == ["websocket.close"]
    assert found.closed_with == 1008


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (request(1) + b"\0", 1007),
        (request(1, Z * (TOGETHER + 1)), 1009),
        (bytes(10**6), 1009),
        (request(1)[:-1], 1007),
        (request(1)[:4], 1007),
        (b"", 1007),
        ("text", 1007),
        (request(1, [float("nan"), 0.0]), 1007),
        (request(1, [float("inf"), 0.0]), 1007),
        (request(1, [1e30, 0.0]), 1007),
    ],
)
def test_a_message_that_is_no_request_ends_it(sessions: Sessions, message: bytes | str, code: int) -> None:
    found = Browser(sessions.grants).says(sessions.token(), message).run()
    assert (found.closed_with, found.answers) == (code, [])


def test_a_session_that_has_ended_gets_nothing(sessions: Sessions) -> None:
    token = sessions.token()

    def ends(z: NDArray[np.float32]) -> NDArray[np.uint8]:
        sessions.here = False
        return told(z)

    other = sessions.token(ends, model="another")
    assert sessions.grants.find(sessions.token(session="gone")) is None
    browser = Browser(sessions.grants).says(other, request(1))
    browser.messages.append({"type": "websocket.receive", "bytes": request(2)})
    browser.run()
    sessions.here = False
    assert Browser(sessions.grants).says(token, request(1)).run().closed_with == 1008


def test_a_model_that_fails_closes_the_socket(sessions: Sessions) -> None:
    def broken(z: NDArray[np.float32]) -> NDArray[np.uint8]:
        raise ConfigError("ONNX Runtime can't evaluate the network.")

    found = Browser(sessions.grants).says(sessions.token(broken), request(1)).run()
    assert (found.closed_with, found.answers) == (1011, [])


def test_a_token_is_of_one_session_and_one_model(sessions: Sessions) -> None:
    tokens = {sessions.token(session=s, model=m) for s in ("here", "there") for m in ("a", "b")}
    assert len(tokens) == 4
    assert sessions.token(model="a") == sessions.token(model="a")
    assert min(map(len, tokens)) >= 40


def test_tokens_of_sessions_that_are_gone_make_room(sessions: Sessions) -> None:
    kept = sessions.token()
    for k in range(10):
        sessions.token(session=f"gone {k}")
    assert len(sessions.grants._kept) == 2  # each holds its model
    assert sessions.grants.find(kept) is not None
    for k in range(MOST + 10):
        sessions.token(model=f"model {k}")
    assert len(sessions.grants._kept) == MOST


def test_its_path_is_below_the_servers_own_address() -> None:
    assert (path_below(""), path_below("vae"), path_below("/a/b/")) == ("/decode", "/vae/decode", "/a/b/decode")
