"""Results that took seconds, kept for all sessions; unlike Streamlit's caches, making one may draw its progress."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import streamlit as st
from cachetools import LRUCache

T = TypeVar("T")
MOST = 24
MOST_BYTES = 2**30  # of all results together
TALKS_AFTER = 0.4  # seconds: shorter work shows no progress


@dataclass(frozen=True)
class _Results:
    """Results by key, and the lock that a cache of cachetools needs where threads share it."""

    by_key: LRUCache[tuple[Any, ...], Any]
    lock: threading.Lock


@st.cache_resource(show_spinner=False)
def _results() -> _Results:
    # none counts for more than there is room for, so the newest one stays, however large it is
    return _Results(LRUCache(MOST_BYTES, lambda value: min(max(size(value), 1), MOST_BYTES)), threading.Lock())


def known(key: tuple[Any, ...]) -> Any:
    """What was remembered for this key; None where nothing was, or it is forgotten."""
    results = _results()
    with results.lock, contextlib.suppress(KeyError):
        return results.by_key[key]
    return None


def remembered(key: tuple[Any, ...], make: Callable[[], T]) -> T:
    """`make()`, or what it gave for this key before.

    The results that nobody has asked for longest are forgotten first; the newest one stays, however large it is.
    """
    results = _results()
    with results.lock, contextlib.suppress(KeyError):
        found: T = results.by_key[key]
        return found
    made = make()  # without the lock: other sessions go on meanwhile
    with results.lock:
        results.by_key[key] = made
        while len(results.by_key) > MOST:
            results.by_key.popitem()
    return made


def size(value: Any) -> int:
    """Bytes of the arrays that a result holds, in dataclasses and containers too."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return sum(size(getattr(value, field.name)) for field in dataclasses.fields(value))
    if isinstance(value, dict):
        return sum(map(size, value.values()))
    return sum(map(size, value)) if isinstance(value, list | tuple) else 0


class Bar:
    """A bar with the time left, drawn once the work has taken a moment; gone when it is done.

    `spent` are the seconds that the work took before, where it goes on.
    """

    def __init__(self, what: str, spent: float = 0.0) -> None:
        self.what, self.begun, self.place = what, time.monotonic() - spent, st.empty()

    def update(self, done: int, total: int) -> None:
        """How many of how many are done."""
        seconds = time.monotonic() - self.begun
        if seconds < TALKS_AFTER or not done or not total:
            return
        left = math.ceil(seconds * (total - done) / done)
        text = f"{self.what}: {done:,} of {total:,}, about {left:,} s left"
        self.place.progress(min(1.0, done / total), text=text)

    def end(self) -> None:
        """Take it away."""
        self.place.empty()

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
