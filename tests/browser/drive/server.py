"""The app as a person starts it, on a free port and with folders of its own. For tests and benchmarks: no pytest."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

PROJECT = Path(__file__).resolve().parents[3]
START_SECONDS, STOP_SECONDS = 60, 10
OPTIONS = {
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "browser.gatherUsageStats": "false",
}


class ServerError(Exception):
    """The app did not start; the message ends with its log."""


class AppServer:
    """`streamlit run app.py`.

    Parameters
    ----------
    folder
        Gets `runs/`, `derived/`, `checkpoints/` (a copy of the shipped ones) and `server.log`.
    environment
        Environment variables on top of this process's; they win over the folders above.
    script
        What to run; its folder is the working directory.

    Use it as a context manager, or call `start` and `close`.
    """

    def __init__(
        self, folder: Path, environment: Mapping[str, str] | None = None, script: Path = PROJECT / "app.py"
    ) -> None:
        self.folder, self.script = folder, script
        self.log = folder / "server.log"
        self.port = _free_port()
        self.url = f"http://localhost:{self.port}"
        self.env = {
            "VAE_RUNS": str(folder / "runs"),
            "VAE_DERIVED": str(folder / "derived"),
            "VAE_CHECKPOINTS": str(folder / "checkpoints"),
            "VAE_ALL_IMAGES": "ask",  # or every app would begin to encode, beside what is looked at or measured
            **(environment or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def runs(self) -> Path:
        """Where this app's jobs are."""
        return Path(self.env["VAE_RUNS"])

    @property
    def derived(self) -> Path:
        """Where this app keeps what is made from a checkpoint later."""
        return Path(self.env["VAE_DERIVED"])

    @property
    def checkpoints(self) -> Path:
        """This app's models."""
        return Path(self.env["VAE_CHECKPOINTS"])

    def start(self) -> Self:
        """Start the server and wait until it answers. Raises ServerError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        shipped = PROJECT / "checkpoints"
        if shipped.is_dir() and not self.checkpoints.exists():
            shutil.copytree(shipped, self.checkpoints, ignore=shutil.ignore_patterns(".*"))
        options = OPTIONS | {"server.port": str(self.port)}
        command = [sys.executable, "-m", "streamlit", "run", str(self.script)]
        command += [text for name, value in options.items() for text in (f"--{name}", value)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self.script.parent,
                env=os.environ | self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._wait_until_healthy()
        return self

    def stop(self) -> None:
        """Stop the server; its jobs go on, as they do for a person."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def restart(self) -> None:
        """Stop and start on the same port: an open page finds it again."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Stop the server and ask its jobs to stop."""
        self.stop()
        for job in self.runs.glob("*/job.json"):
            (job.parent / "stop").touch()

    def log_text(self) -> str:
        """What the server has printed so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                break
            if _healthy(self.port):
                return
            time.sleep(0.1)
        self.stop()
        raise ServerError(f"The app did not answer on {self.url} within {START_SECONDS} s.\n{self.log_text()[-4000:]}")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("localhost", port, timeout=2)
    try:
        connection.request("GET", "/_stcore/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
