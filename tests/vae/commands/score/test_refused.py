"""What `score` refuses, in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.vae.commands.score.score import CHECKPOINTS, call
from vae.checkpoints import checkpoint_files
from vae.checkpoints.checkpoint import Checkpoint
from vae.storage import paths

SHAPE = (1, 8, 8)


@pytest.mark.parametrize(
    ("given", "what"),
    [
        (["--score", "luck"], "Unknown score 'luck'. Known ones: "),
        (["--threshold", "nan"], "The threshold is nan, expected a finite number"),
        (["--threshold", "high"], "invalid float value"),
        (["--contamination", "1.5"], "expected 0 to 1"),
        (["--threshold", "1", "--contamination", "0.1"], "not allowed with"),
        (["--images", "x", "--dataset", "digits"], "not allowed with"),
        (["--images", "x", "--split", "test"], "--split is of a data set"),
        (["--images", "no such folder"], "There is no folder no such folder"),
        (["--dataset", "luck"], "Unknown data set 'luck'"),
        (["--detector", "none"], "has no detector 'none'. Kept ones: none"),
        (["--detector", "none", "--score", "knn"], "has its own score"),
        (["--normal", "7,x"], "scikit-learn digits has no class 'x'. Its classes: 0, 1"),
        (["--normal", ","], "names no class"),
        (["--keep", "a\nb"], "is no name"),
        (["--output", "scores.txt"], "expected a name that ends in .csv"),
        (["--output", "gone/scores.csv"], "There is no folder gone"),
    ],
)
def test_bad_arguments_give_one_line(
    given: list[str], what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("digits-mlp-8", *given) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("python -m vae")]
    assert len(lines) == 1
    assert what in lines[0]
    assert list(tmp_path.glob("*.csv")) == []


def test_a_folder_without_images_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "notes.txt").write_text("x")
    assert call("digits-mlp-8", "--images", tmp_path / "in", "--output", tmp_path / "s.csv") == 2
    assert "Expected files ending in .png" in capsys.readouterr().err
    (tmp_path / "in" / "a.png").write_text("x")
    assert call("digits-mlp-8", "--images", tmp_path / "in", "--output", tmp_path / "s.csv") == 2
    last = capsys.readouterr().err.splitlines()[-1]  # below the bar, not behind it
    assert last.startswith(
        "python -m vae score: None of the 1 files can be read: 1 (can't be read: a text file, no image): a.png"
    )
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "derived") == ["in"]


def test_a_detector_of_another_checkpoint_or_damaged_is_refused(
    checkpoint: Checkpoint, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "s.csv"
    assert call("digits-mlp-8", "--keep", "mine", "--output", out) == 0
    other = checkpoint_files.read("digits-mlp-2", CHECKPOINTS)
    own = next((paths.derived_dir() / checkpoint.identity[:16] / "detectors").iterdir())
    theirs = paths.derived_dir() / other.identity[:16] / "detectors" / own.name
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(own.read_bytes())
    capsys.readouterr()
    assert call("digits-mlp-2", "--detector", "mine", "--output", out) == 2
    assert "was fitted to digits-mlp-8, and this is digits-mlp-2" in capsys.readouterr().err
    content = bytearray(own.read_bytes())
    content[-5] ^= 1
    own.write_bytes(content)
    assert call("digits-mlp-8", "--detector", "mine", "--output", out) == 2
    assert "python -m vae score: " in capsys.readouterr().err
