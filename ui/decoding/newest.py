"""A place for one waiting request: a newer one takes the place of what nobody has begun."""

from __future__ import annotations

import asyncio
from typing import Generic, TypeVar

T = TypeVar("T")


class Newest(Generic[T]):
    """Of one event loop."""

    def __init__(self) -> None:
        self._waiting: T | None = None
        self._there = asyncio.Event()
        self.dropped = 0

    def put(self, request: T) -> None:
        """The newest one; an older one that was not begun is dropped."""
        self.dropped += self._waiting is not None
        self._waiting = request
        self._there.set()

    async def take(self) -> T:
        """The newest one, as soon as there is one."""
        while self._waiting is None:
            self._there.clear()
            await self._there.wait()
        request, self._waiting = self._waiting, None
        return request
