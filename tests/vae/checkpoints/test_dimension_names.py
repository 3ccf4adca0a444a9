"""Names of latent dimensions: kept by checkpoint, bounded, and none of them steers a terminal or a page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.vae.helpers import new_checkpoint
from vae.checkpoints import checkpoint_files, checkpoint_writing, dimension_name_files, dimension_names
from vae.checkpoints.checkpoint import Checkpoint
from vae.checkpoints.dimension_names import LONGEST_NAME, LONGEST_NOTE, DimensionName
from vae.errors import CheckpointError
from vae.export import model_card
from vae.storage import kinds

SLANT = DimensionName(1, "slant", "to the right, from −2 on")


@pytest.fixture
def checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkpoint:
    monkeypatch.setenv("VAE_DERIVED", str(tmp_path / "derived"))
    checkpoint_writing.write(new_checkpoint(), tmp_path / "a")
    return checkpoint_files.read("a", tmp_path)


def test_names_are_kept_changed_and_taken_away(checkpoint: Checkpoint) -> None:
    assert dimension_name_files.read(checkpoint) == dimension_names.NONE
    dimension_name_files.keep(checkpoint, SLANT)
    dimension_name_files.keep(checkpoint, DimensionName(0, "  Größe ☃ "))
    names = dimension_name_files.read(checkpoint)
    assert names.entries == (DimensionName(0, "Größe ☃"), SLANT)
    assert [names.label(j) for j in range(3)] == ["z0 Größe ☃", "z1 slant", "z2"]
    dimension_name_files.keep(checkpoint, DimensionName(1, "", "only a note"))
    assert dimension_name_files.read(checkpoint).label(1) == "z1"
    assert dimension_name_files.read(checkpoint).of(1).note == "only a note"
    assert dimension_name_files.keep(checkpoint, DimensionName(1)).entries == (DimensionName(0, "Größe ☃"),)
    assert dimension_name_files.read(checkpoint).of(1) == DimensionName(1)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (DimensionName(10_000, "a"), "no dimension 10000"),
        (DimensionName(-1, "a"), "no dimension -1"),
        (DimensionName(0, "x" * (LONGEST_NAME + 1)), "name of z0"),
        (DimensionName(0, "a", "x" * (LONGEST_NOTE + 1)), "note of z0"),
        (DimensionName(0, "a\x1b[2J"), "name of z0"),
        (DimensionName(0, "a\u202eb"), "name of z0"),
        (DimensionName(0, "a\nb"), "name of z0"),
        (DimensionName(0, "\ud800"), "name of z0"),
    ],
)
def test_what_is_no_name_is_refused_and_changes_nothing(
    checkpoint: Checkpoint, entry: DimensionName, said: str
) -> None:
    dimension_name_files.keep(checkpoint, SLANT)
    with pytest.raises(CheckpointError, match=said):
        dimension_name_files.keep(checkpoint, entry)
    assert dimension_name_files.read(checkpoint).entries == (SLANT,)


def test_a_file_of_another_checkpoint_or_with_two_names_of_one_is_passed_over(checkpoint: Checkpoint) -> None:
    dimension_name_files.keep(checkpoint, SLANT)
    path = dimension_name_files.path_of(checkpoint.identity)
    good = json.loads(path.read_text())
    twice = good | {"dimensions": good["dimensions"] * 2}
    for wrong in (good | {"identity": "0" * 64}, twice, good | {"format": "other"}, good | {"dimensions": [{}]}):
        path.write_text(json.dumps(wrong))
        assert dimension_name_files.read(checkpoint) == dimension_names.NONE, wrong
    path.write_text(json.dumps(good))
    assert dimension_name_files.read(checkpoint).entries == (SLANT,)


def test_more_than_a_file_may_hold_is_refused(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    dimension_name_files.keep(checkpoint, SLANT)
    monkeypatch.setattr(kinds, "DIMENSION_NAMES", kinds.FileKind("names", 300))
    with pytest.raises(CheckpointError, match="at most 300"):
        dimension_name_files.keep(checkpoint, DimensionName(0, "a", "x" * 300))
    assert dimension_name_files.read(checkpoint).entries == (SLANT,)


def test_the_model_card_tells_names_as_text(checkpoint: Checkpoint) -> None:
    assert "Latent dimensions, as" not in model_card.text(checkpoint, "onnx")
    names = dimension_name_files.keep(checkpoint, DimensionName(0, "a|b <script>", "`x`"))
    assert r"| z0 | a\|b \<script\> | \`x\` |" in model_card.text(checkpoint, "onnx", names)
