"""One process at a time in a run folder, however the one before it ended."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from vae.errors import JobError
from vae.jobs.runner import only_one
from vae.storage.paths import PROJECT

HOLD = """
import sys, time
from pathlib import Path
from vae.jobs.runner import only_one
with only_one(Path(sys.argv[1])):
    print("inside", flush=True)
    time.sleep(600)
"""


def test_nobody_else_is_inside(tmp_path: Path) -> None:
    with only_one(tmp_path / "a"):
        with pytest.raises(JobError, match=f"Run {tmp_path.name} is already running"), only_one(tmp_path / "a"):
            pass
        with only_one(tmp_path / "b"):  # another lock
            pass
    with only_one(tmp_path / "a"):
        pass


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, cwd=PROJECT) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"inside\n"
        with pytest.raises(JobError), only_one(path):
            pass
        holder.kill()
    with only_one(path):
        pass


def test_a_run_folder_that_was_deleted_stays_deleted(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="No such file"), only_one(tmp_path / "gone" / "a"):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("there", [True, False])
def test_a_planted_link_is_neither_followed_nor_made_true(tmp_path: Path, there: bool) -> None:
    run, outside = tmp_path / "run", tmp_path / "outside"
    run.mkdir()
    (run / "a").symlink_to(outside)
    if there:
        outside.write_text("precious")
    with pytest.raises(JobError, match="can't be written"), only_one(run / "a"):
        pass
    assert (outside.read_text() if outside.exists() else "") == ("precious" if there else "")
    assert outside.exists() == there
