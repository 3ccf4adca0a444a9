"""Large models by an address: for the page of a session that is connected, and nobody else."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette

from ui.decoding import sent_models
from ui.decoding.sent_models import MOST, PIECE, SentModels

CONTENT = bytes(range(256)) * (3 * PIECE // 512)


@dataclass
class Answer:
    """What a page gets."""

    status: int
    headers: dict[str, str]
    content: bytes


def get(models: SentModels, path: str, host: str = "localhost:8501", base: str = "") -> Answer:
    """Ask as a browser does, without a network."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()  # the browser stays
        return {}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [(b"host", host.encode())],
    }
    asyncio.run(Starlette(routes=[sent_models.route(lambda: models, base)])(scope, receive, send))
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], headers, b"".join(message["body"] for message in sent[1:]))


def test_a_page_reads_the_model_of_its_session_as_it_is() -> None:
    models = SentModels(lambda session: session == "here")
    token = models.token("here", "m", CONTENT)
    answer = get(models, f"/model/{token}")
    assert answer.content == CONTENT
    assert answer.headers["content-length"] == str(len(CONTENT))
    assert answer.headers["cache-control"] == "no-store"
    assert models.token("here", "m", CONTENT) == token
    assert models.token("here", "other", b"x") != token
    assert get(models, f"/lab/model/{token}", base="/lab/").content == CONTENT


def test_nobody_else_reads_it() -> None:
    connected = {"here"}
    models = SentModels(connected.__contains__)
    token = models.token("here", "m", CONTENT)
    assert get(models, f"/model/{token[:-1]}").status == 404
    assert get(models, f"/model/{'é' * 40}").status == 404
    assert get(models, f"/model/{token}", "elsewhere.example").status == 404
    connected.clear()
    assert get(models, f"/model/{token}").status == 404


def test_models_of_closed_tabs_are_let_go() -> None:
    connected = {"first"}
    models = SentModels(connected.__contains__)
    token = models.token("first", "m", CONTENT)
    connected.clear()
    models.token("second", "m", CONTENT)
    connected.add("first")
    assert models.find(token) is None
    connected.add("third")
    kept = [models.token("third", f"{i}", b"x") for i in range(MOST + 1)]
    assert models.find(kept[0]) is None
    assert models.find(kept[-1]) == b"x"
