"""Standard output and error that end no work: whether everything that was printed has arrived is told at the end."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

NOT_DELIVERED = 2


class Outlet:
    """A text stream whose writes never raise OSError: after the first that fails, the rest is dropped.

    `problem` is that failure. A reader that has seen enough (`| head`) is none.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._broken = stream, False
        self.problem: OSError | None = None

    def write(self, text: str) -> int:
        """Write, or drop. Returns the length of `text`."""
        if not self._broken:
            with self._noticing():
                self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush what has not been dropped."""
        if not self._broken:
            with self._noticing():
                self._stream.flush()

    def end(self) -> None:
        """Flush, and let the interpreter's own flush at its end find nothing that could fail."""
        self.flush()
        if self._broken:
            with contextlib.suppress(OSError, ValueError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self._stream.fileno())
                os.close(nowhere)

    @contextmanager
    def _noticing(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            self._broken = True
        except OSError as error:
            self._broken, self.problem = True, error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Closed(io.TextIOWrapper):
    """In place of a stream that was closed before the program began (`>&-`): every write fails."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", errors="backslashreplace")

    def write(self, text: str) -> int:
        """Raise OSError, as a closed descriptor does."""
        raise OSError(errno.EBADF, "it is closed")


class Delivery:
    """What became of what a command printed."""

    def __init__(self) -> None:
        self.problem: OSError | None = None

    def exit_code(self, code: int) -> int:
        """`code`, but for a success whose words were lost. Says so on standard error."""
        if self.problem is None:
            return code
        print(f"The output can't be written: {self.problem.strerror or self.problem}.", file=sys.stderr)
        return code or NOT_DELIVERED


@contextmanager
def delivered() -> Iterator[Delivery]:
    """Inside, a closed pipe or a full disk behind standard output or error ends nothing."""
    _take_closed_numbers()
    before, delivery = (sys.stdout, sys.stderr), Delivery()
    outlets = [Outlet(stream or _Closed()) for stream in before]
    sys.stdout, sys.stderr = (cast(TextIO, outlet) for outlet in outlets)
    try:
        yield delivery
    finally:
        for outlet in outlets:
            outlet.end()
        sys.stdout, sys.stderr = before
        delivery.problem = outlets[0].problem


def _take_closed_numbers() -> None:
    """A standard stream that is closed leaves its number to the next file that is opened: to a checkpoint, which would
    then hold what a library or a child process prints. /dev/null takes such numbers."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
