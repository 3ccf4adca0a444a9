"""What goes wrong with a file, as the error of whoever wanted it: a checkpoint, a data set, a detector."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vae.errors import StorageError, VAEError


@contextmanager
def storage_errors_as(kind: type[VAEError], hint: str = "") -> Iterator[None]:
    """Inside, or inside a function that this decorates, a StorageError becomes one of this kind; the message stays.

    `hint` is what to do next; without one the StorageError's own stays.
    """
    try:
        yield
    except StorageError as error:
        raise kind(error.message, hint or error.hint) from error


@contextmanager
def write_errors_as(kind: type[VAEError], path: Path, hint: str = "") -> Iterator[None]:
    """Inside, an OSError becomes one of this kind that says that `path` can't be written, and why."""
    try:
        yield
    except OSError as error:
        raise kind(f"{path!s:.300} can't be written: {error.strerror or error}.", hint) from error
