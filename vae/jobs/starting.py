"""How the process of a job is started: detached, with the settings of whoever asked for it, and with a log."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from vae.jobs.processes import ProcessMark, mark
from vae.jobs.stopping import RUNNER
from vae.storage import paths
from vae.storage.files import open_to_append

SETTINGS = ("OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES")  # beside all VAE_*


@dataclass(frozen=True)
class RunnerProcess:
    """A runner that was just started."""

    process: subprocess.Popen[bytes]
    mark: ProcessMark

    def end(self) -> None:
        """Kill it; it has not begun yet."""
        self.process.kill()
        self.process.wait()


def environment() -> dict[str, str]:
    """The settings that a job takes over from whoever asks for it: it may be started by somebody else, later."""
    return {name: value for name, value in os.environ.items() if _is_setting(name)}


def open_log(folder: Path) -> BinaryIO:
    """A job's log, to be added to. Raises OSError."""
    return open_to_append(folder / "log.txt")


def start_runner(folder: Path, log: BinaryIO, state: Mapping[str, Any]) -> RunnerProcess:
    """Start the runner of the job in `folder`, whose `state` holds the settings. Raises OSError."""
    asked = state.get("environment")
    known = {name: value for name, value in os.environ.items() if name != RUNNER}
    if isinstance(asked, dict):
        known = {name: value for name, value in known.items() if not _is_setting(name)}
        known |= {str(n): str(v) for n, v in asked.items() if _is_setting(str(n)) and "\0" not in str(v)}
    process = subprocess.Popen(
        [sys.executable, "-m", "vae.jobs.runner", str(folder)],
        cwd=paths.PROJECT,
        env=known,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    return RunnerProcess(process, mark(process.pid))


def _is_setting(name: str) -> bool:
    plain = name.isascii() and name.replace("_", "").isalnum()
    return plain and name != RUNNER and (name.startswith("VAE_") or name in SETTINGS)
