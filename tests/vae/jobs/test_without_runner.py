"""A command whose runner is gone: it obeys Stop, whatever it does, and lets the next job begin."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from vae import commands
from vae.commands import fetch
from vae.jobs import queue, stopping, without_runner
from vae.storage.paths import PROJECT

WORK = """
import sys, time
from pathlib import Path
from vae.jobs.without_runner import alone
with alone(Path(sys.argv[1])):
    print("inside", flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("killed", [True, False])
def test_a_stop_file_ends_a_command_without_runner(killed: bool, tmp_path: Path) -> None:
    runner = "1" if killed else str(os.getpid())
    environment = os.environ | {stopping.RUNNER: runner, "VAE_RUNS": str(tmp_path)}
    words = [sys.executable, "-c", WORK, str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, cwd=PROJECT, env=environment) as work:
        assert work.stdout is not None
        assert work.stdout.readline() == b"inside\n"
        (tmp_path / "stop").touch()
        if killed:
            assert work.wait(60) == -signal.SIGTERM
        else:  # the runner passes it on, and kills what doesn't end
            with pytest.raises(subprocess.TimeoutExpired):
                work.wait(5 * stopping.WATCH_SECONDS)
            work.kill()


@pytest.mark.parametrize("runner", ["", str(os.getppid())])
def test_the_next_job_begins_at_its_end(runner: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(stopping.RUNNER, runner)
    nudged = []
    monkeypatch.setattr(queue, "nudge", lambda: nudged.append(True))
    with pytest.raises(ZeroDivisionError), without_runner.alone(tmp_path):
        raise ZeroDivisionError
    assert nudged == ([] if runner else [True])


def test_every_command_of_a_job_is_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(commands, "alone", lambda folder: seen.append(folder) or without_runner.alone(folder))
    monkeypatch.setattr(fetch, "run", lambda arguments: None)
    assert commands.main(["fetch", "mnist", "--run-folder", str(tmp_path)]) == 0
    assert commands.main(["fetch", "mnist"]) == 0
    assert seen == [tmp_path]
