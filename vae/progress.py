"""How a command tells where it is: a bar on a terminal, progress.json for a page, and a clean way to be stopped."""

from __future__ import annotations

import contextlib
import json
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from tqdm import tqdm

from vae.files import write_atomically

WRITE_EVERY_SECONDS = 0.25
WRITE_SHARE = 0.1  # of the time, at most: the history of many epochs takes a while to write


class Stopped(BaseException):
    """The person, or the system, asked the command to stop. Not an Exception: nothing may swallow it by accident."""


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Inside, Ctrl-C and a termination request raise Stopped wherever the command is."""

    def raise_stopped(number: int, frame: FrameType | None) -> None:
        raise Stopped

    with _handlers(raise_stopped):
        yield


@contextlib.contextmanager
def unstoppable() -> Iterator[None]:
    """Inside, requests to stop are ignored: for the moments in which a result is written."""
    with _handlers(signal.SIG_IGN):
        yield


@contextlib.contextmanager
def deferring() -> Iterator[threading.Event]:
    """Inside, a request to stop only sets the event that this yields: for work that what is kept depends on."""
    asked = threading.Event()
    with _handlers(lambda number, frame: asked.set()):
        yield asked


@contextlib.contextmanager
def _handlers(handler: Any) -> Iterator[None]:
    old = {number: signal.signal(number, handler) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, previous in old.items():
            signal.signal(number, previous)


class Progress:
    """Stages of one command, each with a bar and an estimate of the time left.

    `stage`, `tell` and `close` write progress.json at once; what `update` and `note` say waits until it is due.
    """

    def __init__(self, run_folder: Path | None, quiet: bool = False) -> None:
        self._folder = run_folder
        self._quiet = quiet or (run_folder is not None)
        self._values: dict[str, Any] = {}
        self._bar: tqdm[Any] | None = None
        self._started = self._due = 0.0
        self._pending = False

    def stage(self, name: str, unit: str = "steps") -> None:
        """Begin a stage whose length `update` will tell."""
        self._close_bar()
        self._started = time.monotonic()
        self._values |= {"stage": name, "fraction": None, "seconds_left": None}
        if not self._quiet:
            self._bar = tqdm(desc=name, unit=f" {unit}", file=sys.stderr, dynamic_ncols=True)
        self._write()

    def update(self, done: float, total: float) -> None:
        """`done` of `total` units of this stage are finished."""
        if self._bar is not None:
            self._bar.total = total
            self._bar.update(done - self._bar.n)
        fraction = min(1.0, done / total if total else 1.0)
        spent = time.monotonic() - self._started
        self.note(fraction=fraction, seconds_left=spent * (1 - fraction) / fraction if fraction > 0 else None)

    def note(self, **values: Any) -> None:
        """Add facts that come often, such as an epoch's report: written with the next ones when it is too soon."""
        self._values |= values
        self._pending = True
        if time.monotonic() >= self._due:
            self._write()

    def tell(self, **values: Any) -> None:
        """Add facts that a page shows at once: a warning, the name of the result."""
        self._values |= values
        self._write()

    def close(self) -> None:
        """End the current bar, and write what was noted last."""
        self._close_bar()
        if self._pending:
            self._write()

    def _close_bar(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _write(self) -> None:
        began = time.monotonic()
        self._pending = False
        if self._folder:
            write_atomically(self._folder / "progress.json", json.dumps(self._values).encode())
        ended = time.monotonic()
        self._due = ended + max(WRITE_EVERY_SECONDS, (ended - began) / WRITE_SHARE)
