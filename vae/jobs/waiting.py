"""Which jobs wait, in their order: one small file beside the run folders, which one process changes at a time.

The order is the file's, not that of any clock. A run folder alone starts nothing: one that was copied here says that it
is queued, but it is not on the list.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from vae.errors import JobError, StorageError
from vae.storage import kinds, paths, probe
from vae.storage.files import write_atomically
from vae.storage.json_files import read_json

MOST = 50  # jobs that wait in one lane
LIST, LOCK = ".waiting.json", ".waiting.lock"
PATIENCE_SECONDS = 10.0  # whoever has the list needs it for milliseconds


def ids() -> list[str]:
    """The ids of the jobs that wait, the next one first; none where the list is damaged."""
    path = _path()
    with suppress(StorageError):
        if probe.is_there(path):
            found = read_json(path, kinds.WAITING)[0].get("waiting")
            return list(dict.fromkeys(i for i in found if isinstance(i, str))) if isinstance(found, list) else []
    return []


def write(job_ids: list[str]) -> None:
    """Put this list in the place of the old one; only inside `changing`. Raises OSError."""
    write_atomically(_path(), json.dumps({"waiting": job_ids}).encode())


@contextmanager
def changing(patience: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Inside, nobody else starts a job or changes the list; the system ends it with the process, however that ends.

    Raises JobError when another process has it for longer than `patience` seconds, OSError for a folder that can't be
    used.
    """
    paths.runs_dir().mkdir(parents=True, exist_ok=True)
    lock = FileLock(paths.runs_dir() / LOCK, timeout=patience)
    try:
        lock.acquire()
    except Timeout as error:
        raise JobError("Another process is changing the queue, and does not end.", "Try again in a moment.") from error
    try:
        yield
    finally:
        lock.release()


def _path() -> Path:
    return paths.runs_dir() / LIST
