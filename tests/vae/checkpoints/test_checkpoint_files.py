"""Checkpoints come back as they were written, and are written whole or not at all."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.vae.helpers import TINY, TINY_CONV, edit_config, new_checkpoint
from vae.checkpoints import checkpoint_files, checkpoint_writing
from vae.checkpoints.checkpoint import Latents, NewCheckpoint
from vae.config import ImageReading, ModelConfig
from vae.errors import CheckpointError
from vae.storage import door, paths


@pytest.mark.parametrize("model", [TINY, TINY_CONV])
def test_everything_comes_back_as_it_was(tmp_path: Path, model: ModelConfig) -> None:
    new = new_checkpoint(model)
    assert checkpoint_writing.write(new, tmp_path / "a") == tmp_path / "a"
    found = checkpoint_files.read("a", tmp_path)
    assert (found.model, found.train, found.dataset, found.command) == (new.model, new.train, new.dataset, new.command)
    assert (found.metrics, found.history) == (new.metrics, new.history)
    for name in Latents.__dataclass_fields__:
        written, read = getattr(new.latents, name), getattr(found.latents, name)
        assert read.dtype == written.dtype, name
        assert np.array_equal(read, written), name


def test_weights_come_back_to_the_bit(tmp_path: Path) -> None:
    new = new_checkpoint(TINY_CONV)
    new.weights["decoder.0.bias"][:3] = [-0.0, 1e-45, 3.4e38]
    checkpoint_writing.write(new, tmp_path / "a")
    weights = checkpoint_files.read_weights(checkpoint_files.read("a", tmp_path))
    assert weights.keys() == new.weights.keys()
    assert all(weights[name].tobytes() == new.weights[name].tobytes() for name in weights)


def test_maps_come_back(tmp_path: Path) -> None:
    new = new_checkpoint()
    checkpoint_writing.write(new, tmp_path / "a")
    written, read = new.maps[0], checkpoint_files.read("a", tmp_path).maps["pca"]
    assert (read.parameters, read.quality) == (written.parameters, written.quality)
    assert np.array_equal(read.xy, written.xy)
    assert read.linear is not None
    assert written.linear is not None
    assert np.array_equal(read.linear.mean, written.linear.mean)
    assert np.array_equal(read.linear.components, written.linear.components)


def test_what_was_read_is_read_only(tmp_path: Path) -> None:
    checkpoint_writing.write(new_checkpoint(), tmp_path / "a")
    found = checkpoint_files.read("a", tmp_path)
    for array in (found.latents.mu, found.latents.labels, found.maps["pca"].xy):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_identity_depends_on_weights_and_config_alone(tmp_path: Path) -> None:
    new = new_checkpoint()
    variants = {
        "a": new,
        "same": new,
        "weights": dataclasses.replace(new, weights=new_checkpoint(seed=1).weights),
        "command": dataclasses.replace(new, command="python -m vae train --seed 1"),
    }
    for name, variant in variants.items():
        checkpoint_writing.write(variant, tmp_path / name)
    identity = {name: checkpoint_files.read(name, tmp_path).identity for name in variants}
    assert identity["same"] == identity["a"]
    assert len(set(identity.values())) == 3
    assert checkpoint_files.read("a", tmp_path).short_identity == identity["a"][:8]


def test_the_default_root_is_the_checkpoints_folder() -> None:
    checkpoint_writing.write(new_checkpoint(), paths.checkpoints_dir() / "a")
    assert checkpoint_files.read("a").path == paths.checkpoints_dir() / "a"
    assert [s.name for s in checkpoint_files.summaries()] == ["a"]


# --- writing ----------------------------------------------------------------------------------------------------------


def test_what_is_there_is_never_replaced(tmp_path: Path) -> None:
    checkpoint_writing.write(new_checkpoint(), tmp_path / "a")
    before = {p.name: p.read_bytes() for p in (tmp_path / "a").iterdir()}
    with pytest.raises(CheckpointError, match="already exists"):
        checkpoint_writing.write(new_checkpoint(seed=1), tmp_path / "a")
    assert {p.name: p.read_bytes() for p in (tmp_path / "a").iterdir()} == before
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("folder", ["new", "replaced"])
def test_of_two_writers_of_one_name_the_first_wins(folder: str, tmp_path: Path) -> None:
    """The second one is told so, and replaces nothing, although the name was free when it began."""
    mine: list[str] = []
    if folder == "replaced":
        checkpoint_writing.write(new_checkpoint(), tmp_path / "a", on_complete=mine.append)

    def faster(identity: str) -> None:
        (tmp_path / "a").rename(tmp_path / "gone") if mine else None
        checkpoint_writing.write(new_checkpoint(seed=2), tmp_path / "a", on_complete=theirs.append)

    theirs: list[str] = []
    write_files = checkpoint_writing._write_files
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint_writing, "_write_files", lambda *a: (write_files(*a), patch.undo(), faster("")))
        with pytest.raises(CheckpointError, match=r"a already exists\. Choose another name, or delete it first"):
            checkpoint_writing.write(new_checkpoint(seed=1), tmp_path / "a", mine)
    assert [checkpoint_files.read("a", tmp_path).identity] == theirs
    assert sorted(path.name for path in tmp_path.iterdir()) == (["a", "gone"] if mine else ["a"])


def full_disk(*_: object) -> str:
    raise OSError(28, "No space left on device")


def interrupted(*_: object) -> str:
    raise KeyboardInterrupt


@pytest.mark.parametrize(("failure", "error"), [(full_disk, CheckpointError), (interrupted, KeyboardInterrupt)])
def test_a_failing_write_leaves_nothing(
    failure: Callable[..., str], error: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "sha256", failure)  # the last step, when every other file is there
    with pytest.raises(error):
        checkpoint_writing.write(new_checkpoint(), tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_a_history_that_cant_be_written_leaves_nothing(tmp_path: Path) -> None:
    new = dataclasses.replace(new_checkpoint(), history=[{"epoch": 1}, {"epoch": 2, "surprise": 3}])
    with pytest.raises(ValueError, match="surprise"):
        checkpoint_writing.write(new, tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cant_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="can't be written"):
        checkpoint_writing.write(new_checkpoint(), tmp_path / "file" / "a")


def test_bad_names_are_not_written(tmp_path: Path) -> None:
    for name in (".hidden", "a b", "ä", "x" * 81):
        with pytest.raises(CheckpointError, match="is not a checkpoint's name"):
            checkpoint_writing.write(new_checkpoint(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_no_history_and_no_map_is_fine(tmp_path: Path) -> None:
    new: NewCheckpoint = dataclasses.replace(new_checkpoint(), history=[], maps=[])
    checkpoint_writing.write(new, tmp_path / "a")
    assert (checkpoint_files.read("a", tmp_path).history, checkpoint_files.read("a", tmp_path).maps) == ([], {})


def test_how_files_are_read_comes_back(tmp_path: Path) -> None:
    reading = ImageReading("#000000", (0.0, 4_095.0))
    new = new_checkpoint()
    dataset = dataclasses.replace(new.dataset, reading=reading)
    checkpoint_writing.write(dataclasses.replace(new, dataset=dataset), tmp_path / "a")
    assert checkpoint_files.read("a", tmp_path).dataset.reading == reading


@pytest.mark.parametrize("reading", [{"background": "red"}, {"values": [5, 1]}, {"values": [0]}, 3])
def test_a_damaged_way_of_reading_files_is_told(tmp_path: Path, reading: object) -> None:
    folder = checkpoint_writing.write(new_checkpoint(), tmp_path / "a")
    about = json.loads((folder / checkpoint_files.CONFIG).read_bytes())["dataset"]
    edit_config(folder, dataset=about | {"reading": reading})
    with pytest.raises(CheckpointError, match=r"reading|range of values"):
        checkpoint_files.read("a", tmp_path)


def test_what_changes_after_it_was_listed_is_noticed(tmp_path: Path) -> None:
    checkpoint_writing.write(new_checkpoint(), tmp_path / "a")
    before = checkpoint_files.summary(tmp_path / "a")
    assert before == checkpoint_files.summary(tmp_path / "a") and before.problem is None
    weights = tmp_path / "a" / checkpoint_files.WEIGHTS
    content = weights.read_bytes()
    weights.write_bytes(content[:-1])
    cut = checkpoint_files.summary(tmp_path / "a").problem
    assert cut is not None and f"has {len(content) - 1:,} bytes" in str(cut)
    weights.write_bytes(content)
    edit_config(tmp_path / "a", command="another")
    after = checkpoint_files.summary(tmp_path / "a")
    assert after.problem is None and after.identity != before.identity
