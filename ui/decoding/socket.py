"""The WebSocket by which a page has latent vectors decoded that it can't decode itself.

The page sends its token as text, then requests: 4 bytes that number it, then the d numbers (little-endian float32) of
each of the pictures that it wants together, as many as its token allows. It gets the same 4 bytes with their pixels
(N, C, H, W), a byte each. The newest request is decoded first; older ones that were not begun are dropped. Closed with
1008: not from this app's own pages, no known token, or its session has ended; 1009 and 1007: a message of another size,
or of what are no numbers; 1011: the model can't be evaluated.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from ui.decoding.grants import Grant, Grants
from ui.decoding.newest import Newest
from vae.errors import VAEError

if TYPE_CHECKING:
    from starlette.routing import BaseRoute
    from starlette.websockets import WebSocket

LOG = logging.getLogger("latent_space_explorer")
PATH = "decode"
NUMBER = 4  # bytes before each request and each answer
MOST_TOKEN = 100  # characters
MOST_Z = 1e6  # of a latent vector
WAITED_FOR = 10.0  # seconds: for the token
MOST_SOCKETS = 200  # at once
AT_ONCE = 2  # pictures decoded, of all sessions
REFUSED, WRONG, TOO_LARGE, FAILED = 1008, 1007, 1009, 1011  # codes of RFC 6455


@dataclass(frozen=True, eq=False)
class Request:
    """Latent vectors (N, d), and the bytes that number it."""

    number: bytes
    z: NDArray[np.float32]


class RefusedError(Exception):
    """Why a socket is closed: a code of RFC 6455."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def is_own(headers: Mapping[str, str], is_host_allowed: bool) -> bool:
    """Whether a connection comes from a page of this very server: its origin is the host that it calls."""
    origin, host = headers.get("origin"), headers.get("host")
    return is_host_allowed and bool(host) and bool(origin) and urlsplit(str(origin)).netloc == host


def request_of(message: bytes, latent_dim: int, together: int) -> Request:
    """What a page asks for. Raises RefusedError for a message of another size, and for what is no place."""
    if len(message) > NUMBER + 4 * latent_dim * together:
        raise RefusedError(TOO_LARGE)
    if len(message) <= NUMBER or (len(message) - NUMBER) % (4 * latent_dim):
        raise RefusedError(WRONG)
    z = np.frombuffer(message, "<f4", offset=NUMBER).astype(np.float32).reshape(-1, latent_dim)
    if not np.isfinite(z).all() or np.abs(z).max() > MOST_Z:
        raise RefusedError(WRONG)
    return Request(message[:NUMBER], z)


class DecodeSocket:
    """Answers pages that hold one of the tokens that `grants()` has given."""

    def __init__(self, grants: Callable[[], Grants]) -> None:
        self._all = grants
        self._threads = ThreadPoolExecutor(AT_ONCE, "decode")
        self._open = 0

    async def serve(self, websocket: WebSocket) -> None:
        """Of one page, until it leaves."""
        from starlette.websockets import WebSocketDisconnect
        from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

        own = is_own(websocket.headers, is_host_allowed(websocket.headers.get("host")))
        if not own or self._open >= MOST_SOCKETS:
            await websocket.close(REFUSED)
            return
        await websocket.accept()
        self._open += 1
        try:
            await self._serve(websocket)
        except RefusedError as refused:
            await websocket.close(refused.code)
        except (WebSocketDisconnect, TimeoutError):
            pass
        finally:
            self._open -= 1

    async def _serve(self, websocket: WebSocket) -> None:
        message = await asyncio.wait_for(websocket.receive(), WAITED_FOR)
        token = message.get("text")
        grant = self._all().find(token) if isinstance(token, str) and len(token) <= MOST_TOKEN else None
        if grant is None:
            raise RefusedError(REFUSED)
        newest = Newest[Request]()
        both = [
            asyncio.ensure_future(self._hear(websocket, grant, newest)),
            asyncio.ensure_future(self._answer(websocket, grant, newest)),
        ]
        try:
            done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in both:
                task.cancel()

    async def _hear(self, websocket: WebSocket, grant: Grant, newest: Newest[Request]) -> None:
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            raw = message.get("bytes")
            newest.put(request_of(raw if isinstance(raw, bytes) else b"", grant.latent_dim, grant.together))

    async def _answer(self, websocket: WebSocket, grant: Grant, newest: Newest[Request]) -> None:
        loop = asyncio.get_running_loop()
        while True:
            request = await newest.take()
            if not self._all().holds(grant):
                raise RefusedError(REFUSED)
            try:
                pixels = await loop.run_in_executor(self._threads, grant.decode, request.z)
            except VAEError as error:
                LOG.warning("A picture can't be decoded: %s", error)
                raise RefusedError(FAILED) from error
            await websocket.send_bytes(request.number + pixels.tobytes())


def route(grants: Callable[[], Grants], base: str) -> BaseRoute:
    """Where the server answers: `PATH` below `base`, its own address."""
    from starlette.routing import WebSocketRoute

    return WebSocketRoute(path_below(base), DecodeSocket(grants).serve)


def path_below(base: str) -> str:
    """The socket's path, as a page calls it."""
    return "/" + "/".join(filter(None, [base.strip("/"), PATH]))
