"""How a command tells where it is: a bar on a terminal, progress.json for a page, and a clean way to be stopped."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from tqdm import tqdm

from vae.storage.files import write_atomically

RUNNER = "VAE_RUNNER"  # the environment variable by which a runner tells its command the runner's process id
WATCH_SECONDS = 0.2
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
def obeying(stop_file: Path) -> Iterator[None]:
    """Inside, a stop file that appears is a request to stop, where no runner is left that would pass it on."""
    ended, runner = threading.Event(), os.environ.get(RUNNER)

    def watch() -> None:
        while not ended.wait(WATCH_SECONDS):
            if stop_file.exists() and str(os.getppid()) != runner:
                os.kill(os.getpid(), signal.SIGTERM)
                return

    thread = threading.Thread(target=watch, name="stop file", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


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

    def __init__(self, run_folder: Path | None, quiet: bool | None = None) -> None:
        self._folder = run_folder
        if run_folder:
            with contextlib.suppress(OSError):  # the first write will say what is wrong with it
                run_folder.mkdir(parents=True, exist_ok=True)
        self._quiet = run_folder is not None if quiet is None else quiet
        self._complained = False
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

    def update(self, done: float, total: float, begun: float = 0) -> None:
        """`done` of `total` units of this stage are finished, `begun` of them before the stage began."""
        if self._bar is not None:
            self._bar.total, self._bar.initial = total, begun
            self._bar.update(done - self._bar.n)
        fraction = min(1.0, done / total if total else 1.0)
        spent = time.monotonic() - self._started
        self.note(fraction=fraction, seconds_left=spent * (total - done) / (done - begun) if done > begun else None)

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

    def _complain(self, error: OSError) -> None:
        if not self._complained:
            print(f"Progress can't be written to {self._folder}: {error.strerror or error}.", file=sys.stderr)
            self._complained = True

    def _close_bar(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _write(self) -> None:
        began = time.monotonic()
        self._pending = False
        if self._folder and self._folder.is_dir():  # not where somebody has deleted it
            try:
                write_atomically(self._folder / "progress.json", json.dumps(self._values).encode())
            except OSError as error:  # a full disk must not end the work: what matters is written elsewhere
                self._complain(error)
        ended = time.monotonic()
        self._due = ended + max(WRITE_EVERY_SECONDS, (ended - began) / WRITE_SHARE)
