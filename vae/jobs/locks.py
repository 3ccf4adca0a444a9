"""One process at a time: a lock on a file, which the system takes back when the process ends, however it ends."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vae.errors import JobError

try:
    import fcntl
except ImportError:  # Windows has no such locks; there two processes are told apart by their marks alone
    fcntl = None  # type: ignore[assignment]


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Inside, no other process is inside with this path. Raises JobError when one is, OSError for an unusable path."""
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(path.open("ab"))
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                what = f"Run {path.parent.name} is already running."
                raise JobError(what, "Wait for its end, or stop it.") from error
        yield
