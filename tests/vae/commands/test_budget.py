"""Every command asks what its work needs before it starts: one line, exit code 2, and nothing is left behind."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.vae.helpers import new_checkpoint
from vae import commands
from vae.budget import free
from vae.checkpoints import checkpoint_writing
from vae.storage import paths

ABSURD = [
    ["train", "--hidden", "65536", "65536", "--output", "x"],
    ["trial", "--hidden", "65536", "65536"],
    ["train", "--architecture", "conv", "--channels", "65536", "65536"],
    ["trial", "--architecture", "conv", "--channels", "65536", "65536"],
    ["train", "--hidden", *8 * ["65536"], "--batch-size", "1000000", "--output", "x"],
]
WORK = [
    ["train", "--output", "x"],
    ["trial"],
    ["evaluate", "good"],
    ["encode", "good", "--output", "x.npz"],
    ["map", "good", "--method", "tsne", "--perplexity", "5"],
    ["map", "good", "--method", "umap"],
    ["sample", "good", "--output", "x.png"],
    ["traverse", "good", "--output", "x.png"],
    ["interpolate", "good", "row:1", "row:2", "--output", "x.gif"],
    ["quality", "good", "--number", "100"],
    ["score", "good", "--output", "x.csv"],
    ["compare", "good"],
]


@pytest.fixture(autouse=True)
def _good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint_writing.write(new_checkpoint(), paths.checkpoints_dir() / "good")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


def refused(argv: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that a command says."""
    assert commands.main(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert list(Path.cwd().iterdir()) == []
    assert not paths.derived_dir().exists()
    return err


def test_absurd_models_are_refused_before_torch_is_imported_or_anything_allocated() -> None:
    code = f"""
import json, resource, sys
from vae import commands
resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
codes = [commands.main(argv) for argv in {ABSURD!r}]
print(json.dumps([codes, "torch" in sys.modules]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=paths.PROJECT)
    codes, torch_is_there = json.loads(done.stdout)
    assert codes == [2] * len(ABSURD)
    assert not torch_is_there
    assert done.stderr.count(" of memory, ") == done.stderr.count("\n") == len(ABSURD)


@pytest.mark.parametrize("argv", WORK, ids=[words[0] for words in WORK])
def test_a_machine_without_memory_is_told_before_the_work(
    argv: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(free, "memory", lambda: 10**8)
    err = refused(argv, capsys)
    assert "needs about 0." in err
    assert "0.1 GB are free" in err


WRITING = [words for words in WORK if words[0] not in ("trial", "evaluate", "quality")]


@pytest.mark.parametrize("argv", WRITING, ids=[words[0] for words in WRITING])
def test_a_full_disk_is_told_before_the_work(
    argv: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(1, 1, 100))
    assert "MB of disk, 1 MB are free in" in refused(argv, capsys)


def test_a_download_asks_for_room_for_what_is_unpacked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("VAE_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(1, 1, 20 * 10**6))
    assert "Downloading MNIST needs about 77 MB of disk, 20 MB are free in" in refused(["fetch", "mnist"], capsys)
