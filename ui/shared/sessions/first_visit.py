"""What the first visitor's page is made of, imported while their browser still reads Streamlit's own scripts."""

from __future__ import annotations

import asyncio
import importlib
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

SOON = 0.05  # seconds after the start, when the server answers: nobody shall wait longer for that


def prepared(*modules: str) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    """For st.App: imports these modules once the server is there, beside all else that it does."""

    @asynccontextmanager
    async def begun(_: Any) -> AsyncIterator[None]:
        thread = threading.Thread(target=_import, args=(modules,), daemon=True)
        asyncio.get_running_loop().call_later(SOON, thread.start)
        yield

    return begun


def _import(modules: tuple[str, ...]) -> None:
    for name in modules:
        importlib.import_module(name)
