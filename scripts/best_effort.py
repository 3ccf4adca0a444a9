"""Run a command that is allowed to fail, within a time limit, and say in one line what came of it.

python scripts/best_effort.py SECONDS WHAT COMMAND [ARGUMENT ...]

WHAT is said before the wait, with its limit.
"""

from __future__ import annotations

import os
import subprocess
import sys

TERMINATE_SECONDS = 5


def attempt(seconds: float, command: list[str]) -> str:
    """The last line that the command printed, or why it was left."""
    quiet = os.environ | {"TQDM_DISABLE": "1"}  # a bar is not a last word
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True, env=quiet)
    try:
        output, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        _end(process)
        return f"Going on without it: not done after {seconds:g} s. To do it without a limit: {' '.join(command)}"
    if process.returncode == 0:
        return _last_line(output) or "Done."
    return f"Going on without it. {_last_line(errors) or f'Exit code {process.returncode}.'}"


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(TERMINATE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def main() -> int:
    """Always 0: whatever comes next goes on."""
    seconds, what, command = float(sys.argv[1]), sys.argv[2], sys.argv[3:]
    print(f"{what}, at most {seconds:g} s …", flush=True)
    try:
        print(attempt(seconds, command), flush=True)
    except OSError as error:
        print(f"Going on without it. {command[0]} can't be started: {error.strerror}.", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
