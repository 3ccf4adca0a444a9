"""How a command tells where it is: a bar on a terminal, progress.json for a page."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tqdm import tqdm

from vae.jobs.processes import mark
from vae.storage import probe
from vae.storage.files import write_atomically
from vae.storage.printing import bar_stream, visible

WRITE_EVERY_SECONDS = 0.25
WRITE_SHARE = 0.1  # of the time, at most: the history of many epochs takes a while to write


class Progress:
    """Stages of one command, each with a bar and an estimate of the time left.

    `stage`, `report` and `close` write progress.json at once; what `update` and `note` say waits until it is due.
    """

    def __init__(self, run_folder: Path | None, quiet: bool | None = None) -> None:
        self._folder = run_folder
        if run_folder:
            with contextlib.suppress(OSError):  # the first write will say what is wrong with it
                run_folder.mkdir(parents=True, exist_ok=True)
        self._quiet = run_folder is not None if quiet is None else quiet
        self._complained = False
        # a runner that is killed the moment it has started this process leaves no other trace of it
        self._values: dict[str, Any] = {"process": asdict(mark(os.getpid()))} if run_folder else {}
        self._bar: tqdm[Any] | None = None
        self._started = self._due = 0.0
        self._pending = False

    def stage(self, name: str, unit: str = "steps") -> None:
        """Begin a stage whose length `update` will tell."""
        self._close_bar()
        self._started = time.monotonic()
        self._values |= {"stage": name, "fraction": None, "seconds_left": None}
        if not self._quiet:
            self._bar = tqdm(desc=visible(name), unit=f" {unit}", file=bar_stream(), dynamic_ncols=True)
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

    def report(self, **values: Any) -> None:
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
        if self._folder and probe.is_folder(self._folder):  # not where somebody has deleted it
            try:
                write_atomically(self._folder / "progress.json", json.dumps(self._values).encode())
            except OSError as error:  # a full disk must not end the work: what matters is written elsewhere
                self._complain(error)
        ended = time.monotonic()
        self._due = ended + max(WRITE_EVERY_SECONDS, (ended - began) / WRITE_SHARE)
