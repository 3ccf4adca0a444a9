"""Large models on their way into a page: by an address of the server's own, which a page reads beside all else.

What Streamlit sends comes in one queue, each message whole, and the page does nothing else while it takes one apart: of
a million images that is 87 MB, for which map and sliders would wait. An address is one session's, and nobody can guess
it.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

PATH = "model"
MOST = 200  # addresses
PIECE = 2**20  # bytes sent at once: others are answered between them
MOST_TOKEN = 100  # characters


@dataclass(frozen=True, eq=False)
class SentModel:
    """What a page of a session may read."""

    token: str
    session: str
    content: bytes


class SentModels:
    """The addresses of one server. `is_active` says whether a session's page is connected."""

    def __init__(self, is_active: Callable[[str], bool]) -> None:
        self._is_active = is_active
        self._kept: dict[tuple[str, str], SentModel] = {}
        self._lock = threading.Lock()

    def token(self, session: str, fingerprint: str, content: bytes) -> str:
        """That of a session and a model: the same whenever it is asked for."""
        with self._lock:
            known = self._kept.get((session, fingerprint))
            if known is None:
                self._make_room()
                known = SentModel(secrets.token_urlsafe(32), session, content)
                self._kept[session, fingerprint] = known
            return known.token

    def find(self, token: str) -> bytes | None:
        """What a token stands for, while its session is connected."""
        with self._lock:
            every = list(self._kept.values())
        found = [one for one in every if hmac.compare_digest(one.token.encode(), token.encode())]
        return found[0].content if found and self._is_active(found[0].session) else None

    def _make_room(self) -> None:
        """Those of closed tabs go, and the oldest where there are too many."""
        for key in [key for key, one in self._kept.items() if not self._is_active(one.session)]:
            del self._kept[key]
        while len(self._kept) >= MOST:
            del self._kept[next(iter(self._kept))]


def route(models: Callable[[], SentModels], base: str) -> BaseRoute:
    """Where the server answers: `PATH` below `base`, its own address."""
    from starlette.routing import Route

    async def answer(request: Request) -> Response:
        from starlette.responses import PlainTextResponse, StreamingResponse
        from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

        token = str(request.path_params["token"])
        allowed = is_host_allowed(request.headers.get("host")) and len(token) <= MOST_TOKEN
        content = models().find(token) if allowed else None
        if content is None:
            return PlainTextResponse("There is no such model.", 404)
        headers = {
            "Content-Length": str(len(content)),
            "Content-Encoding": "identity",  # numbers hardly get smaller, and it takes seconds
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        return StreamingResponse(_pieces(content), headers=headers, media_type="application/octet-stream")

    return Route(f"{path_below(base)}/{{token}}", answer)


def path_below(base: str) -> str:
    """The path of all addresses, as a page calls it."""
    return "/" + "/".join(filter(None, [base.strip("/"), PATH]))


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    view = memoryview(content)
    for start in range(0, len(content), PIECE):
        yield bytes(view[start : start + PIECE])
