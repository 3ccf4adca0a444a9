"""Named places: kept by checkpoint, bounded, and none of them steers a terminal or a page."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from tests.vae.helpers import new_checkpoint
from vae.checkpoints import checkpoint_files, checkpoint_writing, named_place_files, named_places
from vae.checkpoints.checkpoint import Checkpoint
from vae.checkpoints.named_places import LONGEST_NAME, MOST, NamedPlace
from vae.errors import CheckpointError
from vae.storage import kinds


@pytest.fixture
def checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkpoint:
    monkeypatch.setenv("VAE_DERIVED", str(tmp_path / "derived"))
    checkpoint_writing.write(new_checkpoint(), tmp_path / "a")
    return checkpoint_files.read("a", tmp_path)


def place(checkpoint: Checkpoint, name: str = "<b>zwischen</b> 4 und 9", value: float = 0.5) -> NamedPlace:
    return NamedPlace(name, (value,) * checkpoint.model.latent_dim, 3)


def test_places_are_kept_found_again_and_taken_away(checkpoint: Checkpoint) -> None:
    assert named_place_files.read(checkpoint) == named_places.NONE
    named_place_files.keep(checkpoint, place(checkpoint))
    named_place_files.keep(checkpoint, place(checkpoint, "  far   away ", -2.123456))
    found = named_place_files.read(checkpoint)
    assert [one.name for one in found.entries] == ["<b>zwischen</b> 4 und 9", "far away"]
    assert found.entries[1].z == (-2.1235,) * checkpoint.model.latent_dim
    assert found.at([0.5002] * checkpoint.model.latent_dim) == place(checkpoint)
    assert found.at([0.51] * checkpoint.model.latent_dim) is None
    # another place of this name takes it over
    named_place_files.keep(checkpoint, place(checkpoint, "far away", 1.0))
    assert named_place_files.read(checkpoint).of("far away") == place(checkpoint, "far away", 1.0)
    assert len(named_place_files.delete(checkpoint, "far away").entries) == 1
    assert named_place_files.delete(checkpoint, "never was").entries == (place(checkpoint),)


@pytest.mark.parametrize("name", ["", "  ", "x" * (LONGEST_NAME + 1), "a\x1b[2J", "a\u202eb", "\ud800"])
def test_what_is_no_name_is_refused_and_changes_nothing(checkpoint: Checkpoint, name: str) -> None:
    named_place_files.keep(checkpoint, place(checkpoint))
    with pytest.raises(CheckpointError, match="can't be called"):
        named_place_files.keep(checkpoint, place(checkpoint, name))
    assert named_place_files.read(checkpoint).entries == (place(checkpoint),)


@pytest.mark.parametrize("z", [(), (0.0,), (math.nan,), (math.inf,), (1e9,)])
def test_a_vector_of_another_space_or_without_end_is_refused(checkpoint: Checkpoint, z: tuple[float, ...]) -> None:
    wide = z * checkpoint.model.latent_dim if z != (0.0,) else (0.0,) * (checkpoint.model.latent_dim + 1)
    with pytest.raises(CheckpointError, match="finite numbers"):
        named_place_files.keep(checkpoint, NamedPlace("a", wide))


def test_more_than_the_map_can_hold_are_refused(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    for k in range(MOST):
        named_place_files.keep(checkpoint, place(checkpoint, f"place {k}"))
    with pytest.raises(CheckpointError, match="50 named places already"):
        named_place_files.keep(checkpoint, place(checkpoint, "one more"))
    assert len(named_place_files.keep(checkpoint, place(checkpoint, "place 3", 2.0)).entries) == MOST
    monkeypatch.setattr(kinds, "NAMED_PLACES", kinds.FileKind("places", 100))
    with pytest.raises(CheckpointError, match="at most 100"):
        named_place_files.keep(checkpoint, place(checkpoint))


def test_a_file_of_another_checkpoint_or_a_damaged_one_is_passed_over(checkpoint: Checkpoint) -> None:
    named_place_files.keep(checkpoint, place(checkpoint))
    path = named_place_files.path_of(checkpoint.identity)
    good = json.loads(path.read_text())
    twice = good | {"places": good["places"] * 2}
    short = good | {"places": [good["places"][0] | {"z": [1.0]}]}
    for wrong in (good | {"identity": "0" * 64}, twice, short, good | {"format": "other"}, good | {"places": [{}]}):
        path.write_text(json.dumps(wrong))
        assert named_place_files.read(checkpoint) == named_places.NONE, wrong
    path.write_text(json.dumps(good))
    assert named_place_files.read(checkpoint).entries == (place(checkpoint),)
