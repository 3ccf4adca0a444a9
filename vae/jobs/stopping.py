"""How a command is stopped cleanly: by Ctrl-C, a termination request, or a stop file."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from vae.storage import probe

RUNNER = "VAE_RUNNER"  # the environment variable by which a runner tells its command the runner's process id
WATCH_SECONDS = 0.2


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
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(WATCH_SECONDS):
            if probe.is_there(stop_file) and not has_runner():
                os.kill(os.getpid(), signal.SIGTERM)
                return

    thread = threading.Thread(target=watch, name="stop file", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def has_runner() -> bool:
    """Whether this command's runner lives: it passes on requests to stop, and records how the command ends."""
    return str(os.getppid()) == os.environ.get(RUNNER)


@contextlib.contextmanager
def _handlers(handler: Any) -> Iterator[None]:
    old = {number: signal.signal(number, handler) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, previous in old.items():
            signal.signal(number, previous)
