"""Find a Chromium for the tests and benchmarks, install one where there is none, and launch it.

`python -m tests.browser.drive.chromium` prints the path of the executable, says on the error stream what it tried, and
ends with exit code 1 and advice when there is no way to get one.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, Error, Playwright, sync_playwright

# WebGL in software at 60 pictures a second, and no traffic of the browser's own.
FLAGS = (
    "--no-sandbox",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_PATHS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
START_SECONDS, DOWNLOAD_SECONDS, APT_SECONDS = 30, 120, 600
ADVICE = (
    "There is no Chromium for the browser tests. Install one (Debian, Ubuntu: apt-get install chromium; "
    "macOS: brew install --cask chromium; anywhere: python -m playwright install --with-deps chromium), "
    "or set CHROMIUM to the path of a Chromium or Chrome."
)


class NoChromiumError(Exception):
    """No browser was found; the message says what to do."""


def find() -> Path:
    """A Chromium that is on this machine. Nothing is installed. Raises NoChromiumError."""
    chosen = os.environ.get("CHROMIUM")
    if chosen:
        path = Path(shutil.which(chosen) or chosen).expanduser()
        if not _starts(path):
            raise NoChromiumError(f"CHROMIUM is {chosen!r}, which is not a browser that starts here. {ADVICE}")
        return path
    for path in (*map(Path, filter(None, map(shutil.which, NAMES))), *map(Path, MAC_PATHS), *_playwrights_own()):
        if _starts(path):
            return path
    raise NoChromiumError(ADVICE)


def find_or_install() -> Path:
    """Like `find`, but gets a Chromium from Playwright or from apt when there is none. Raises NoChromiumError."""
    for install in (_install_with_playwright, _install_with_apt):
        try:
            return find()
        except NoChromiumError:
            if os.environ.get("CHROMIUM"):
                raise
        install()
    return find()


def launch(playwright: Playwright, *flags: str) -> Browser:
    """A headless browser with the flags that render WebGL without a GPU, and more. Raises NoChromiumError."""
    return playwright.chromium.launch(executable_path=find(), args=[*FLAGS, *flags])


def _starts(path: Path) -> bool:
    """Whether it is there and its libraries are, too."""
    if not path.is_file():
        return False
    return _run([str(path), "--version"], START_SECONDS) is None


def _playwrights_own() -> list[Path]:
    try:
        with sync_playwright() as playwright:
            return [Path(playwright.chromium.executable_path)]
    except Error:
        return []


def _install_with_playwright() -> None:
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    _report("playwright install chromium", _run(command, DOWNLOAD_SECONDS))


def _install_with_apt() -> None:
    prefix = _as_root()
    if shutil.which("apt-get") is None or prefix is None:
        _say("apt-get install chromium: not possible here (no apt-get, or neither root nor sudo without a password).")
        return
    # The lists of a fresh machine are empty or old; a source that fails need not be the one that has Chromium.
    _report("apt-get update", _run([*prefix, "apt-get", "update", "-q"], APT_SECONDS))
    install = [
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "apt-get",
        "install",
        "-qy",
        "--no-install-recommends",
        "chromium",
    ]
    _report("apt-get install chromium", _run([*prefix, *install], APT_SECONDS))


def _as_root() -> list[str] | None:
    """What to put before a command so that root runs it; None where that is impossible."""
    if getattr(os, "geteuid", lambda: -1)() == 0:
        return []
    return ["sudo", "-n"] if shutil.which("sudo") and _run(["sudo", "-n", "true"], START_SECONDS) is None else None


def _run(command: list[str], seconds: float) -> str | None:
    """None when the command succeeded, else why not, in one line."""
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        return error.strerror or str(error)
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # with what it started: Playwright downloads in a child
        process.wait()
        return f"not done after {seconds:g} s"
    return None if process.returncode == 0 else _reason(output, process.returncode)


def _reason(output: str, code: int) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("Error", "E: "))]
    return (telling or lines or [f"exit code {code}"])[-1][:200]


def _report(what: str, problem: str | None) -> None:
    _say(f"{what}: {problem or 'done'}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    """Print the path, or advice."""
    try:
        print(find_or_install())
    except NoChromiumError as error:
        _say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
